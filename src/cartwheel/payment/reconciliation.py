"""Reconciliation: payment states its payments, compares orders with them, and tells its facts once more."""

from typing import Final

from cartwheel.kernel.store import Item
from cartwheel.kernel.stretch import stretch
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.ledger.events import Finding, Kind, Repair, StatedFact
from cartwheel.ordering.events import OrdersStated, StatedOrder

from . import store
from .events import OrdersComparedWithPayments, PaymentsStated, StatedPayment
from .model import Payment, PaymentState
from .service import announcements

HELD: Final = frozenset({PaymentState.PENDING, PaymentState.AUTHORISED, PaymentState.CAPTURED})
PAID: Final = frozenset({PaymentState.AUTHORISED, PaymentState.CAPTURED, PaymentState.REFUNDED})

# Of an order in the status: how its payment should be, and in which states its facts, told again, make it so.
WANTED: Final[dict[str, tuple[PaymentState, frozenset[PaymentState]]]] = {
    "CONFIRMED": (PaymentState.AUTHORISED, frozenset()),
    "FULFILLED": (PaymentState.CAPTURED, frozenset({PaymentState.AUTHORISED})),
    "REFUNDED": (PaymentState.REFUNDED, frozenset({PaymentState.AUTHORISED, PaymentState.CAPTURED})),
}


def state(unit: UnitOfWork, run_id: str, since: str, until: str, part: int = 1, cursor: str | None = None) -> None:
    """State the next part of the payments that changed between the moments."""

    def keep(item: Item) -> StatedPayment | None:
        payment = Payment.model_validate(item)
        return _stated(payment) if announcements(payment) and since <= payment.changed_at <= until else None

    payments, following = stretch(unit.store, store.all_payments(cursor), keep)
    unit.emit(PaymentsStated(run_id=run_id, part=part, since=since, until=until, payments=payments, next=following))


def _stated(payment: Payment) -> StatedPayment:
    facts = [StatedFact(type=event.detail_type(), at=payment.changed_at) for event in announcements(payment)]
    return StatedPayment(order_id=payment.order_id, state=payment.state, facts=facts)


def compare(unit: UnitOfWork, stated: OrdersStated) -> None:
    """Find orders that are not paid as they should be."""
    compared = [
        compared_with(order, payment)
        for order in stated.orders
        # One that changed since is under way: its order may have gone on after it was stated.
        if not (payment := store.read(unit.store, order.order_id)) or payment.changed_at <= stated.until
    ]
    unit.emit(OrdersComparedWithPayments(run_id=stated.run_id, findings=[each for each in compared if each]))


def compared_with(order: StatedOrder, payment: Payment | None) -> Finding | None:
    """What is wrong about an order and its payment, neither of which has changed for a while."""
    state = payment.state if payment else None
    if order.status == "CANCELLED":
        if state not in HELD:
            return None
        return _finding(Kind.PAYMENT_WITHOUT_ORDER, order, "no payment held", state, Repair.TELL_ORDER)
    if order.status not in WANTED:
        return None
    wanted, mended = WANTED[order.status]
    if payment is None or state not in PAID:
        return _finding(Kind.ORDER_WITHOUT_PAYMENT, order, wanted, state)
    if (payment.amount, payment.currency) != (order.amount, order.currency):
        expected, found = (f"{each.amount} {each.currency}" for each in (order, payment))
        return _finding(Kind.PAYMENT_DIFFERS, order, expected, found)
    if state != wanted:
        return _finding(Kind.PAYMENT_DIFFERS, order, wanted, state, Repair.TELL_ORDER if state in mended else None)
    return None


def _finding(kind: Kind, order: StatedOrder, expected: str, found: str | None, repair: Repair | None = None) -> Finding:
    return Finding(kind=kind, about=order.order_id, expected=expected, found=found or "none", repair=repair)


def tell_again(unit: UnitOfWork, order_id: str) -> None:
    """Tell what the payment's present state was told as: who knows it already does nothing."""
    payment = store.read(unit.store, order_id)
    if payment:
        unit.emit(*announcements(payment))
