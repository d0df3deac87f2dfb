"""The events that the ledger knows by name. None is emitted by a slice: they are of whoever calls `EventPublisher`."""

from typing import Any, Final

SOURCE: Final = "custom.myapp"
ORDER_PLACED: Final = "order_placed"
PLACED: Final = "PLACED"

PLACED_ORDERS: Final[dict[str, Any]] = {
    "source": [SOURCE],
    "detail-type": [ORDER_PLACED],
    "detail": {"status": [PLACED]},
}
