"""The stages and their stacks. `data` and `identity` keep, `shop` works, `archive` remembers (ADR 17).

Where it is wanted, `monitoring` tells who is on call (ADR 35).
"""

from dataclasses import dataclass

import aws_cdk

from cartwheel.app import APP
from cartwheel.kernel.topology import App

from .parts.bundle import bundle
from .settings import Settings
from .stacks.archive import Archive
from .stacks.data import Data
from .stacks.identity import Identity
from .stacks.monitoring import Monitoring
from .stacks.shop import Shop


@dataclass(frozen=True)
class Stacks:
    """One copy of the shop."""

    data: Data
    identity: Identity
    shop: Shop
    archive: Archive
    monitoring: Monitoring | None


def synthesize() -> None:
    """What the CDK's command line asks for, by its context. Raises InvalidSetting."""
    app = aws_cdk.App()
    settings = Settings.read(app.node.get_all_context())
    build(app, settings, str(bundle(settings.architecture, settings.python, settings.shop.require_token)))
    app.synth()


def build(app: aws_cdk.App, settings: Settings, code: str, shop: App = APP) -> Stacks:
    """Put the stacks of a stage into the CDK app; all functions share the folder of code, as one asset."""
    shop = shop.switched(settings.shop)
    data = Data(app, settings, shop)
    identity = Identity(app, settings, code, shop, data)
    stateless = Shop(app, settings, code, shop, data, identity)
    archive = Archive(app, settings, stateless.bus)
    monitoring = Monitoring(app, settings, shop, stateless.signals) if settings.monitoring == "on" else None
    return Stacks(data, identity, stateless, archive, monitoring)
