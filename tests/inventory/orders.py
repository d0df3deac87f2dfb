"""Short forms for the events and questions of these tests."""

import time
from datetime import timedelta
from typing import Any

from cartwheel.catalog.events import StockCounted
from cartwheel.inventory import store
from cartwheel.inventory.model import Stock
from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.events import Cause, Envelope, Event
from cartwheel.kernel.ids import new_id
from cartwheel.ordering.events import (
    CancelReason,
    OrderCancelled,
    OrderConfirmed,
    OrderedLine,
    OrderPlaced,
    PaymentInstruction,
)
from tests.support.shop import Shop

PAYMENT = PaymentInstruction(amount=1200, currency="EUR", token="tok_approve")


def envelope(event: Event) -> dict[str, Any]:
    return Envelope.of(event, Cause(new_id(), new_id())).to_dict()


def placed(order_id: str, *lines: tuple[str, int]) -> dict[str, Any]:
    ordered = [OrderedLine(sku=sku, quantity=quantity) for sku, quantity in lines]
    return envelope(OrderPlaced(order_id=order_id, lines=ordered, payment=PAYMENT))


def confirmed(order_id: str) -> dict[str, Any]:
    return envelope(OrderConfirmed(order_id=order_id, amount=1200, currency="EUR"))


def cancelled(order_id: str) -> dict[str, Any]:
    reason = CancelReason.BY_CUSTOMER
    return envelope(OrderCancelled(order_id=order_id, reason=reason, amount=1200, currency="EUR"))


def counted(sku: str, quantity: int | None, minutes: float = 0) -> dict[str, Any]:
    """A count, taken so many minutes from now."""
    moment = timestamp(now() + timedelta(minutes=minutes))
    return envelope(StockCounted(sku=sku, quantity=quantity, counted_at=moment))


def deliver(shop: Shop, *envelopes: dict[str, Any]) -> None:
    for one in envelopes:
        shop.deliver("inventory-events", one)


def stock(shop: Shop, sku: str) -> Stock:
    found = store.find_stock(shop.store, sku)
    assert found is not None
    return found


def pieces(shop: Shop, sku: str) -> tuple[int, int]:
    """What is available and what is reserved."""
    found = stock(shop, sku)
    return found.available, found.reserved


def expire(shop: Shop) -> int:
    """Run the expiry schedule a moment later: how many reservations it gave back."""
    time.sleep(0.002)
    return shop.run_schedule("inventory-expiry")
