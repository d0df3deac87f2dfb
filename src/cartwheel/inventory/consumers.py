"""Events in: orders want stock, give it back or have paid for it; imports count it."""

from cartwheel.catalog.events import StockCounted
from cartwheel.kernel import consumer
from cartwheel.kernel.environment import environment
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.ordering.events import OrderCancelled, OrderConfirmed, OrderPlaced

from . import service
from .store import TABLE

inbox = Inbox("inventory-events", TABLE)


@inbox.on(OrderPlaced, "order_id", "lines", "payment")
def reserve(event: OrderPlaced, unit: UnitOfWork) -> None:
    service.reserve(unit, event, Settings.duration(environment().settings.reservation_lifetime))


@inbox.on(OrderConfirmed, "order_id")
def confirm(event: OrderConfirmed, unit: UnitOfWork) -> None:
    service.confirm(unit, event.order_id)


@inbox.on(OrderCancelled, "order_id")
def cancel(event: OrderCancelled, unit: UnitOfWork) -> None:
    service.cancel(unit, event.order_id)


@inbox.on(StockCounted, "sku", "quantity", "counted_at")
def count(event: StockCounted, unit: UnitOfWork) -> None:
    service.count(unit, event)


handler = consumer.handler(inbox)
