"""The use cases of payment. The provider is called before the commit, always with the key of the order:

crash before the call     nothing happened; the next delivery calls
crash after the call      the next delivery calls with the same key and is told the same
another writer is faster  the use case runs again, and decides by what it then finds
"""

from cartwheel.kernel.clock import now
from cartwheel.kernel.errors import NotFound
from cartwheel.kernel.events import Event
from cartwheel.kernel.ids import is_id
from cartwheel.kernel.store import Store
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.ordering.events import OrderCancelled, PaymentInstruction

from . import store
from .events import PaymentAuthorised, PaymentCaptured, PaymentDeclined, PaymentRefunded, PaymentVoided
from .model import Payment, PaymentState
from .provider import Outcome, PaymentProvider, key_of


class NotYet(Exception):
    """The event came before the one it builds on, or contradicts it: deliver it again later."""


def authorise(unit: UnitOfWork, provider: PaymentProvider, order_id: str, wanted: PaymentInstruction) -> None:
    """Hold the order's amount, unless that was tried before."""
    payment = store.read(unit.store, order_id)
    if payment is None:
        outcome = provider.authorise(key_of(order_id), wanted.amount, wanted.currency, wanted.token)
        _record(unit, Payment.opened(order_id, wanted.amount, wanted.currency, outcome, now()))
    elif payment.state is PaymentState.CANCELLED:
        # The order was cancelled meanwhile, perhaps between our call and our commit: let go what we may have got.
        provider.void(key_of(order_id))


def settle(unit: UnitOfWork, order_id: str, outcome: Outcome) -> Payment:
    """Apply what the provider says of a pending payment; told late or twice, it changes nothing. Raises NotFound."""
    payment = find(unit.store, order_id)
    if payment.state is not PaymentState.PENDING:
        return payment
    settled = payment.settled(outcome, now())
    _record(unit, settled)
    return settled


def cancel(unit: UnitOfWork, provider: PaymentProvider, order: OrderCancelled) -> None:
    """Give back whatever is held or taken, and let nothing be authorised later."""
    payment = store.read(unit.store, order.order_id)
    if payment is None:
        provider.void(key_of(order.order_id))  # an authorise call may be on its way
        _record(unit, Payment.cancelled(order.order_id, order.amount, order.currency, now()))
    elif payment.state in (PaymentState.PENDING, PaymentState.AUTHORISED):
        provider.void(key_of(order.order_id))
        _record(unit, payment.become(now(), PaymentState.VOIDED))
    elif payment.state is PaymentState.CAPTURED:
        _refund(unit, provider, payment)


def capture(unit: UnitOfWork, provider: PaymentProvider, order_id: str) -> None:
    """Take what is held. Raises NotYet when nothing is."""
    payment = store.read(unit.store, order_id)
    if payment and payment.state in (PaymentState.CAPTURED, PaymentState.REFUNDED):
        return
    if payment is None or payment.state is not PaymentState.AUTHORISED:
        raise NotYet(f"nothing is authorised that could be captured; the payment is {_shown(payment)}")
    provider.capture(key_of(order_id))
    _record(unit, payment.become(now(), PaymentState.CAPTURED))


def refund(unit: UnitOfWork, provider: PaymentProvider, order_id: str) -> None:
    """Give back what was taken. Raises NotYet when nothing was."""
    payment = store.read(unit.store, order_id)
    if payment and payment.state is PaymentState.REFUNDED:
        return
    if payment is None or payment.state is not PaymentState.CAPTURED:
        raise NotYet(f"nothing is captured that could be refunded; the payment is {_shown(payment)}")
    _refund(unit, provider, payment)


def find(reading: Store, order_id: str) -> Payment:
    """Raises NotFound."""
    payment = store.read(reading, order_id) if is_id(order_id) else None
    if payment is None:
        raise NotFound("No payment of such an order is known; one that is on its way appears in a moment.")
    return payment


def _refund(unit: UnitOfWork, provider: PaymentProvider, payment: Payment) -> None:
    provider.refund(key_of(payment.order_id))
    _record(unit, payment.become(now(), PaymentState.REFUNDED))


def _record(unit: UnitOfWork, payment: Payment) -> None:
    """Store the new state and announce it, if others care, in the same transaction."""
    unit.write(store.save(payment))
    unit.emit(*announcements(payment))


def announcements(payment: Payment) -> list[Event]:
    """What others are told of a payment in this state."""
    order_id, amount, currency = payment.order_id, payment.amount, payment.currency
    match payment.state:
        case PaymentState.AUTHORISED:
            return [PaymentAuthorised(order_id=order_id, amount=amount, currency=currency)]
        case PaymentState.DECLINED:
            return [PaymentDeclined(order_id=order_id, reason=payment.reason or "")]
        case PaymentState.CAPTURED:
            return [PaymentCaptured(order_id=order_id, amount=amount, currency=currency)]
        case PaymentState.VOIDED:
            return [PaymentVoided(order_id=order_id)]
        case PaymentState.REFUNDED:
            return [PaymentRefunded(order_id=order_id, amount=amount, currency=currency)]
        case _:
            return []


def _shown(payment: Payment | None) -> str:
    return payment.state if payment else "unknown"
