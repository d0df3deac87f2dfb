"""Alarms for tests, on a metric of their own."""

from datetime import timedelta
from typing import Any, Final

from cartwheel.kernel.alarms import Alarm
from cartwheel.kernel.metrics import Metric, Unit

FAULTS: Final = Metric("Faults", Unit.COUNT, "things that went wrong", ("Part",))


def alarm(**changes: Any) -> Alarm:
    """It rings when there is a fault in a minute."""
    usual: dict[str, Any] = {
        "name": "faults",
        "metric": FAULTS,
        "dimensions": {"Part": "wheel"},
        "setting": "alarm_errors",
        "meaning": "a wheel came off",
        "runbook": "wheel-off",
        "threshold": 1,
        "period": timedelta(minutes=1),
    }
    return Alarm(**usual | changes)
