"""`cartwheel`, whose five minutes pass in two seconds for monitoring and canary: `python -m tests.support.canary up …`.

While the file `broken` is in its data folder, the payment provider declines everything.
"""

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from cartwheel.app import APP
from cartwheel.cli.main import main
from cartwheel.kernel.topology import App, Schedule
from cartwheel.local import main as host
from cartwheel.local.monitoring.monitor import Clock
from cartwheel.payment.sandbox import SandboxProvider

PERIOD: Final = 2.0  # seconds that five minutes take
BROKEN: Final = "broken"
SPEED: Final = 300 / PERIOD

_authorise = SandboxProvider.authorise


def authorise(provider: SandboxProvider, key: str, amount: int, currency: str, token: str | None) -> Any:
    return _authorise(provider, key, amount, currency, "tok_decline" if _broken().exists() else token)


def _broken() -> Path:
    return Path(sys.argv[sys.argv.index("--data") + 1]) / BROKEN


def hastened(app: App) -> App:
    def soon(schedule: Schedule) -> Schedule:
        return replace(schedule, every=schedule.every / SPEED) if schedule.switch == "canary_sku" else schedule

    return replace(app, slices=tuple(replace(each, schedules=tuple(map(soon, each.schedules))) for each in app.slices))


if __name__ == "__main__":
    hasty: Any = partial(host.Options, clock=Clock(speed=SPEED))
    with (
        patch.object(host, "Options", hasty),
        patch.object(host, "APP", hastened(APP)),
        patch.object(SandboxProvider, "authorise", authorise),
    ):
        main()
