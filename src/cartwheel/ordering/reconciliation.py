"""Reconciliation: ordering states its orders, compares payments with them, and tells its facts once more."""

from typing import Final

from cartwheel.kernel.store import Item, Store
from cartwheel.kernel.stretch import stretch
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.ledger.events import Finding, Kind, StatedFact
from cartwheel.payment.events import PaymentsStated, StatedPayment

from . import store
from .events import OrdersStated, PaymentsComparedWithOrders, StatedOrder
from .model import Order

HELD: Final = frozenset({"AUTHORISED", "CAPTURED"})  # money that somebody is owed goods for


def state(unit: UnitOfWork, run_id: str, since: str, until: str, part: int = 1, cursor: str | None = None) -> None:
    """State the next part of the orders. What changed after `until` may be under way, and is left for another time."""

    def keep(item: Item) -> StatedOrder | None:
        order = Order.model_validate(item)
        return _stated(order) if order.facts() and since <= order.changed_at <= until else None

    orders, following = stretch(unit.store, store.all_orders(cursor), keep)
    unit.emit(OrdersStated(run_id=run_id, part=part, since=since, until=until, orders=orders, next=following))


def _stated(order: Order) -> StatedOrder:
    facts = [StatedFact(type=event.detail_type(), at=at) for event, at in order.facts()]
    return StatedOrder(
        order_id=order.order_id, status=order.status, amount=order.amount, currency=order.currency, facts=facts
    )


def compare(unit: UnitOfWork, stated: PaymentsStated) -> None:
    """Find payments of orders that there are not. Those of cancelled ones are found by payment, which knows both."""
    found = [finding for payment in stated.payments if (finding := _compared(unit.store, payment))]
    unit.emit(PaymentsComparedWithOrders(run_id=stated.run_id, findings=found))


def _compared(reader: Store, payment: StatedPayment) -> Finding | None:
    if payment.state not in HELD or store.find(reader, payment.order_id):
        return None
    return Finding(
        kind=Kind.PAYMENT_WITHOUT_ORDER, about=payment.order_id, expected="no payment held", found=payment.state
    )


def tell_again(unit: UnitOfWork, order_id: str) -> None:
    """Tell the facts that the order's present state goes back to: who knows them already does nothing."""
    order = store.find(unit.store, order_id)
    if order:
        unit.emit(*(event for event, _ in order.facts()))
