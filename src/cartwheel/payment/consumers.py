"""Events in: order and stock events move the payment."""

from cartwheel.inventory.events import StockReserved
from cartwheel.kernel import consumer
from cartwheel.kernel.environment import environment
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.ordering.events import OrderCancelled, OrderFulfilled, OrderRefunded

from . import service
from .providers import provider

inbox = Inbox("payment-events", "payment")


@inbox.on(StockReserved, "order_id", "payment")
def authorise(event: StockReserved, unit: UnitOfWork) -> None:
    service.authorise(unit, provider(environment()), event.order_id, event.payment)


@inbox.on(OrderCancelled, "order_id", "amount", "currency")
def cancel(event: OrderCancelled, unit: UnitOfWork) -> None:
    service.cancel(unit, provider(environment()), event)


@inbox.on(OrderFulfilled, "order_id")
def capture(event: OrderFulfilled, unit: UnitOfWork) -> None:
    service.capture(unit, provider(environment()), event.order_id)


@inbox.on(OrderRefunded, "order_id")
def refund(event: OrderRefunded, unit: UnitOfWork) -> None:
    service.refund(unit, provider(environment()), event.order_id)


handler = consumer.handler(inbox)
