"""Events in. Two queues: new orders are placed, and what stock and payment report moves them on."""

from collections.abc import Callable

from cartwheel.basket.events import CheckoutBasket
from cartwheel.inventory.events import StockRejected, StockReleased, StockReserved
from cartwheel.kernel import consumer
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.payment.events import PaymentAuthorised, PaymentDeclined

from . import service
from .events import OrderSubmitted
from .model import Moment, Order, Step
from .store import TABLE

new_orders = Inbox("ordering-placement", TABLE)
reports = Inbox("ordering-events", TABLE)


@new_orders.on(OrderSubmitted, "order_id")
def place(event: OrderSubmitted, unit: UnitOfWork) -> None:
    _change(unit, event.order_id, Order.place)


@new_orders.on(CheckoutBasket, "order_id", "lines", "currency", "customer_id", "email", "payment_token")
def check_out(event: CheckoutBasket, unit: UnitOfWork) -> None:
    service.check_out(unit, event, service.present())


@reports.on(StockReserved, "order_id")
def stock_reserved(event: StockReserved, unit: UnitOfWork) -> None:
    _change(unit, event.order_id, Order.reserve)


@reports.on(StockRejected, "order_id", "shortages")
def stock_rejected(event: StockRejected, unit: UnitOfWork) -> None:
    short = [shortage.sku for shortage in event.shortages]
    _change(unit, event.order_id, lambda order, moment: order.reject(short, moment))


@reports.on(StockReleased, "order_id", "reason")
def stock_released(event: StockReleased, unit: UnitOfWork) -> None:
    if event.reason == "expired":  # the other reason is a cancellation: ours, so it is known
        _change(unit, event.order_id, Order.release)


@reports.on(PaymentAuthorised, "order_id")
def payment_authorised(event: PaymentAuthorised, unit: UnitOfWork) -> None:
    _change(unit, event.order_id, Order.authorise)


@reports.on(PaymentDeclined, "order_id", "reason")
def payment_declined(event: PaymentDeclined, unit: UnitOfWork) -> None:
    _change(unit, event.order_id, lambda order, moment: order.decline(event.reason, moment))


def _change(unit: UnitOfWork, order_id: str, decide: Callable[[Order, Moment], Step]) -> None:
    """An order that is not stored yet is an error: the event comes again."""
    service.react(unit, order_id, service.present(), decide)


placement = consumer.handler(new_orders)
events = consumer.handler(reports)
