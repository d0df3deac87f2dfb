"""What ordering measures: of the shop's own trial. Orders themselves are counted by their events."""

from typing import Final

from cartwheel.kernel.metrics import Metric, Unit

CANARY_SUCCESSES: Final = Metric("CanarySuccesses", Unit.COUNT, "synthetic purchases: 1 for one that succeeded, else 0")
CANARY_DURATION: Final = Metric(
    "CanaryDuration", Unit.MILLISECONDS, "time a synthetic purchase took, from the basket to CONFIRMED"
)
