"""Events in: orders want stock, give it back or have paid for it; imports count it; and it is reconciled."""

from cartwheel.catalog.events import StockCounted
from cartwheel.kernel import consumer
from cartwheel.kernel.clock import now
from cartwheel.kernel.environment import environment
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.ledger.events import DiscrepancyFound, ReconciliationRequested, Repair
from cartwheel.ordering.events import OrderCancelled, OrderConfirmed, OrderPlaced, OrdersStated

from . import reconciliation, service
from .events import StockRecounted
from .store import TABLE

inbox = Inbox("inventory-events", TABLE)
statements = Inbox("inventory-reconciliation", TABLE)


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


@inbox.on(DiscrepancyFound, "run_id", "about", "repair")
def discrepancy_found(event: DiscrepancyFound, unit: UnitOfWork) -> None:
    if event.repair == Repair.RELEASE:
        service.expire(unit, event.about, now())
    if event.repair == Repair.RECOUNT:
        reconciliation.correct(unit, event.run_id, event.about)


@statements.on(ReconciliationRequested, "run_id", "until")
def begin(event: ReconciliationRequested, unit: UnitOfWork) -> None:
    reconciliation.recount(unit, event.run_id, event.until)


@statements.on(StockRecounted, "run_id", "until", "part", "next")
def go_on(event: StockRecounted, unit: UnitOfWork) -> None:
    if event.next:
        reconciliation.recount(unit, event.run_id, event.until, event.next, event.part + 1)


@statements.on(OrdersStated, "run_id", "orders")
def compare(event: OrdersStated, unit: UnitOfWork) -> None:
    reconciliation.compare(unit, event)


handler = consumer.handler(inbox)
reconciled = consumer.handler(statements)
