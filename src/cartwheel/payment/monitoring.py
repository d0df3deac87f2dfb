"""When somebody has to look after payment, and what they see."""

from typing import Final

from cartwheel.kernel.alarms import Alarm
from cartwheel.kernel.dashboard import PROVIDERS, Series, Watched, Widget

from .metrics import PROVIDER_FAILURES, PROVIDER_LATENCY

METRICS: Final = (PROVIDER_LATENCY, PROVIDER_FAILURES)
ALARMS: Final = (
    Alarm(
        name="payment-provider-failures",
        metric=PROVIDER_FAILURES,
        setting="alarm_provider_failures",
        meaning="the payment provider does not answer as it should",
        runbook="payment-provider-fails",
    ),
)
WIDGETS: Final = (
    Widget(
        "Payment provider: time of a call",
        (
            Series(PROVIDER_LATENCY, "mean", statistic="Average"),
            Series(PROVIDER_LATENCY, "slowest hundredth", statistic="p99"),
        ),
    ),
    Widget("Payment provider: failures", (Series(PROVIDER_FAILURES, "failed calls"),)),
)
PROVIDER: Final = Watched(METRICS, ALARMS, WIDGETS, PROVIDERS)
