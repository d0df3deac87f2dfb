"""Every event, beyond what the ledger keeps. In a stack of its own: it holds data, and can be left out."""

from typing import Final

from aws_cdk import App, RemovalPolicy
from aws_cdk.aws_events import CfnArchive, EventBus

from cartwheel.kernel.bus import ARCHIVED
from infra.settings import Settings

from .part import Part

PREVIEW_DAYS: Final = 3  # of a stage whose events nobody has to keep


class Archive(Part):
    def __init__(self, app: App, settings: Settings, bus: EventBus) -> None:
        super().__init__(app, "archive", settings)
        archive = CfnArchive(
            self,
            "Archive",
            source_arn=bus.event_bus_arn,
            retention_days=ARCHIVED.days if settings.production else PREVIEW_DAYS,
        )
        archive.apply_removal_policy(RemovalPolicy.RETAIN if settings.production else RemovalPolicy.DESTROY)
