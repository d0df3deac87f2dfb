"""What is seen of the baskets; how many were checked out, the ledger counts."""

from datetime import timedelta
from typing import Final

from cartwheel.kernel.dashboard import Series, Watched, Widget

from .metrics import BASKETS_FILLED

BASKETS: Final = Watched(
    metrics=(BASKETS_FILLED,),
    widgets=(Widget("Baskets filled", (Series(BASKETS_FILLED, "filled"),), timedelta(hours=1)),),
)
