"""What basket measures: a shopper who fills one and never checks out leaves no event."""

from typing import Final

from cartwheel.kernel.metrics import Metric, Unit

BASKETS_FILLED: Final = Metric(
    "BasketsFilled", Unit.COUNT, "baskets that got their first line; those not checked out later were abandoned"
)
