"""Events in. New orders are placed, what stock and payment report moves them on, and orders are reconciled.

A customer's export is told page by page, each of which is the cause of the next.
"""

from collections.abc import Callable

from cartwheel.basket.events import CheckoutBasket
from cartwheel.identity.events import ExportRequested
from cartwheel.inventory.events import StockRejected, StockReleased, StockReserved
from cartwheel.kernel import consumer
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.ledger.events import DiscrepancyFound, ReconciliationRequested, Repair
from cartwheel.payment.events import PaymentAuthorised, PaymentDeclined, PaymentsStated

from . import reconciliation, service
from .events import OrdersExported, OrdersStated, OrderSubmitted
from .model import Moment, Order, Step
from .store import TABLE

new_orders = Inbox("ordering-placement", TABLE)
reports = Inbox("ordering-events", TABLE)
statements = Inbox("ordering-reconciliation", TABLE)


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


@reports.on(DiscrepancyFound, "about", "repair")
def discrepancy_found(event: DiscrepancyFound, unit: UnitOfWork) -> None:
    if event.repair == Repair.TELL_ORDER:
        reconciliation.tell_again(unit, event.about)


@statements.on(ReconciliationRequested, "run_id", "since", "until")
def begin(event: ReconciliationRequested, unit: UnitOfWork) -> None:
    reconciliation.state(unit, event.run_id, event.since, event.until)


@statements.on(OrdersStated, "run_id", "since", "until", "part", "next")
def go_on(event: OrdersStated, unit: UnitOfWork) -> None:
    if event.next:
        reconciliation.state(unit, event.run_id, event.since, event.until, event.part + 1, event.next)


@statements.on(PaymentsStated, "run_id", "payments")
def compare(event: PaymentsStated, unit: UnitOfWork) -> None:
    reconciliation.compare(unit, event)


@reports.on(ExportRequested, "export_id", "customer_id")
def export_requested(event: ExportRequested, unit: UnitOfWork) -> None:
    service.export(unit, event.export_id, event.customer_id)


@reports.on(OrdersExported, "export_id", "customer_id", "page", "following")
def orders_exported(event: OrdersExported, unit: UnitOfWork) -> None:
    if event.following:
        service.export(unit, event.export_id, event.customer_id, event.page + 1, event.following)


def _change(unit: UnitOfWork, order_id: str, decide: Callable[[Order, Moment], Step]) -> None:
    """An order that is not stored yet is an error: the event comes again."""
    service.react(unit, order_id, service.present(), decide)


placement = consumer.handler(new_orders)
events = consumer.handler(reports)
reconciled = consumer.handler(statements)
