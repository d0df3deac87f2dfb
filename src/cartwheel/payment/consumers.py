"""Events in: order and stock events move the payment; and payments are reconciled."""

from cartwheel.inventory.events import StockReserved
from cartwheel.kernel import consumer
from cartwheel.kernel.environment import environment
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.ledger.events import DiscrepancyFound, ReconciliationRequested, Repair
from cartwheel.ordering.events import OrderCancelled, OrderFulfilled, OrderRefunded, OrdersStated

from . import reconciliation, service
from .events import PaymentsStated
from .providers import provider

inbox = Inbox("payment-events", "payment")
statements = Inbox("payment-reconciliation", "payment")


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


@inbox.on(DiscrepancyFound, "about", "repair")
def discrepancy_found(event: DiscrepancyFound, unit: UnitOfWork) -> None:
    if event.repair == Repair.TELL_PAYMENT:
        reconciliation.tell_again(unit, event.about)


@statements.on(ReconciliationRequested, "run_id", "since", "until")
def begin(event: ReconciliationRequested, unit: UnitOfWork) -> None:
    reconciliation.state(unit, event.run_id, event.since, event.until)


@statements.on(PaymentsStated, "run_id", "since", "until", "part", "next")
def go_on(event: PaymentsStated, unit: UnitOfWork) -> None:
    if event.next:
        reconciliation.state(unit, event.run_id, event.since, event.until, event.part + 1, event.next)


@statements.on(OrdersStated, "run_id", "until", "orders")
def compare(event: OrdersStated, unit: UnitOfWork) -> None:
    reconciliation.compare(unit, event)


handler = consumer.handler(inbox)
reconciled = consumer.handler(statements)
