"""Events in: every event is stored, once. The event's own item is the mark that it was there."""

from typing import Final

from cartwheel.inventory.events import OrdersComparedWithReservations, StockRecounted
from cartwheel.kernel import consumer, telemetry
from cartwheel.kernel.envelope import Envelope
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.ordering.events import OrdersStated, PaymentsComparedWithOrders
from cartwheel.payment.events import OrdersComparedWithPayments, PaymentsStated

from . import metrics, reconciliation, store
from .events import ORDER_PLACED, SOURCE, Repair

MOST_LETTERS: Final = 200

placed = Inbox("OrderProcessor", store.TABLE, mark=store.add)


@placed.on_foreign(SOURCE, ORDER_PLACED)
def take(event: Envelope, _: UnitOfWork) -> None:
    """Nothing but the mark is to be stored. Whoever else publishes may have left out the order's id."""
    order_id = event.detail.get("orderId")
    telemetry.info("order placed", orderId=telemetry.nameless(str(order_id)[:MOST_LETTERS]), eventId=event.id)


every = Inbox("ledger-events", store.TABLE, mark=store.add)


@every.on_every
def keep(event: Envelope, unit: UnitOfWork) -> None:
    """Nothing but the mark is to be stored, and what the event says counted with it."""
    metrics.count(event, unit)


statements = Inbox("ledger-reconciliation", store.TABLE)


@statements.on(OrdersStated, "run_id", "orders", "part", "next")
def orders_stated(event: OrdersStated, unit: UnitOfWork) -> None:
    things = [(order.order_id, order.facts) for order in event.orders]
    findings = reconciliation.check(unit, event.run_id, things, Repair.TELL_ORDER)
    parts = None if event.next else event.part
    reconciliation.report(unit, event.run_id, "orders", "ledger", findings, parts)


@statements.on(PaymentsStated, "run_id", "payments", "part", "next")
def payments_stated(event: PaymentsStated, unit: UnitOfWork) -> None:
    things = [(payment.order_id, payment.facts) for payment in event.payments]
    findings = reconciliation.check(unit, event.run_id, things, Repair.TELL_PAYMENT)
    parts = None if event.next else event.part
    reconciliation.report(unit, event.run_id, "payments", "ledger", findings, parts)


@statements.on(OrdersComparedWithPayments, "run_id", "findings")
def compared_by_payment(event: OrdersComparedWithPayments, unit: UnitOfWork) -> None:
    reconciliation.report(unit, event.run_id, "orders", "payment", event.findings)


@statements.on(OrdersComparedWithReservations, "run_id", "findings")
def compared_by_inventory(event: OrdersComparedWithReservations, unit: UnitOfWork) -> None:
    reconciliation.report(unit, event.run_id, "orders", "inventory", event.findings)


@statements.on(PaymentsComparedWithOrders, "run_id", "findings")
def compared_by_ordering(event: PaymentsComparedWithOrders, unit: UnitOfWork) -> None:
    reconciliation.report(unit, event.run_id, "payments", "ordering", event.findings)


@statements.on(StockRecounted, "run_id", "findings", "part", "next")
def stock_recounted(event: StockRecounted, unit: UnitOfWork) -> None:
    parts = None if event.next else event.part
    reconciliation.report(unit, event.run_id, "stock", "inventory", event.findings, parts)


processor = consumer.handler(placed)
events = consumer.handler(every)
reconciled = consumer.handler(statements)
