"""The metrics of the mechanism, whatever the shop sells. What the shop does is measured beside its slices."""

from typing import Final

from .metrics import NEAR_TIMEOUT, Metric, Unit

DELIVERY_ATTEMPTS: Final = Metric(
    "DeliveryAttempts", Unit.NONE, "the how manieth delivery of a message it was: 1, unless one before it failed"
)
FAILED_DELIVERIES: Final = Metric("FailedDeliveries", Unit.COUNT, "deliveries that failed; most succeed the next time")
RELAY_LAG: Final = Metric("RelayLag", Unit.MILLISECONDS, "from the moment of an event until the bus had taken it")
OUTBOX_AGE: Final = Metric(
    "OutboxAge", Unit.SECONDS, "age of a slice's oldest event that the bus has not taken yet", ("Slice",)
)
SIGN_IN_FAILURES: Final = Metric("SignInFailures", Unit.COUNT, "attempts to sign in that were refused")

OWN: Final = (NEAR_TIMEOUT, DELIVERY_ATTEMPTS, FAILED_DELIVERIES, RELAY_LAG, OUTBOX_AGE, SIGN_IN_FAILURES)
