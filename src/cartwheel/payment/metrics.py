"""What payment measures of its provider. Payments themselves are counted by their events."""

from typing import Final

from cartwheel.kernel.metrics import Metric, Unit

PROVIDER_LATENCY: Final = Metric("ProviderLatency", Unit.MILLISECONDS, "time a call of the payment provider took")
PROVIDER_FAILURES: Final = Metric(
    "ProviderFailures", Unit.COUNT, "calls of the payment provider that failed; a declined payment is no failure"
)
