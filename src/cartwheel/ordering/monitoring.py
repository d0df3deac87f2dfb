"""When somebody has to look after the synthetic purchase, and what they see."""

from typing import Final

from cartwheel.kernel.alarms import MINUTE, Alarm
from cartwheel.kernel.dashboard import Series, Watched, Widget

from .metrics import CANARY_DURATION, CANARY_SUCCESSES

EVERY: Final = 5 * MINUTE
ALARMS: Final = (
    Alarm(
        name="canary-failing",
        metric=CANARY_SUCCESSES,
        period=EVERY,
        setting="alarm_canary",
        comparison="<",
        evaluation_periods=2,
        datapoints=2,
        missing="breaching",  # who does not even try has not succeeded
        meaning="the shop cannot buy of itself, so shoppers probably cannot, either",
        runbook="canary-failing",
    ),
)
WIDGETS: Final = (
    Widget("Synthetic purchases", (Series(CANARY_SUCCESSES, "succeeded"),), EVERY),
    Widget("Synthetic purchase: time", (Series(CANARY_DURATION, "to CONFIRMED", statistic="Average"),), EVERY),
)
CANARY: Final = Watched((CANARY_SUCCESSES, CANARY_DURATION), ALARMS, WIDGETS)
