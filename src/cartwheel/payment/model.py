"""The rules of a payment: which state may follow which, and when a pending one is asked about. No I/O."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Self

from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.schema import Record

from .provider import Authorised, Declined, Outcome, Pending

SOONEST: Final = timedelta(seconds=2)
LATEST: Final = timedelta(seconds=60)


class PaymentState(StrEnum):
    """CANCELLED: the order was cancelled before anything was authorised; nothing may be authorised any more."""

    PENDING = "PENDING"
    AUTHORISED = "AUTHORISED"
    DECLINED = "DECLINED"
    CAPTURED = "CAPTURED"
    VOIDED = "VOIDED"
    REFUNDED = "REFUNDED"
    CANCELLED = "CANCELLED"


FOLLOWS: Final[dict[PaymentState, frozenset[PaymentState]]] = {
    PaymentState.PENDING: frozenset(
        {PaymentState.PENDING, PaymentState.AUTHORISED, PaymentState.DECLINED, PaymentState.VOIDED}
    ),
    PaymentState.AUTHORISED: frozenset({PaymentState.CAPTURED, PaymentState.VOIDED}),
    PaymentState.CAPTURED: frozenset({PaymentState.REFUNDED}),
}


class IllegalTransition(Exception):
    """The state may not follow the present one."""


class Payment(Record):
    """The payment of one order, amount in minor units. `version` counts its changes; `due_at` only while PENDING."""

    order_id: str
    amount: int
    currency: str
    state: PaymentState
    version: int = 1
    created_at: str
    changed_at: str
    reference: str | None = None
    reason: str | None = None
    due_at: str | None = None

    @classmethod
    def opened(cls, order_id: str, amount: int, currency: str, outcome: Outcome, moment: datetime) -> Self:
        """The payment as the provider's first answer makes it."""
        time = timestamp(moment)
        payment = {"order_id": order_id, "amount": amount, "currency": currency, "created_at": time, "changed_at": time}
        return cls(**payment, **_facts(outcome, moment))

    @classmethod
    def cancelled(cls, order_id: str, amount: int, currency: str, moment: datetime) -> Self:
        """The tombstone of a payment that must never begin."""
        time = timestamp(moment)
        return cls(
            order_id=order_id,
            amount=amount,
            currency=currency,
            state=PaymentState.CANCELLED,
            created_at=time,
            changed_at=time,
        )

    def settled(self, outcome: Outcome, moment: datetime) -> Self:
        """A pending payment after an answer: decided, or to be asked about again, less and less often."""
        facts = _facts(outcome, moment)
        if isinstance(outcome, Pending):
            age = moment - datetime.fromisoformat(self.created_at)
            facts["due_at"] = timestamp(moment + min(max(age, SOONEST), LATEST))
        return self.become(moment, **facts)

    def become(self, moment: datetime, state: PaymentState, **facts: Any) -> Self:
        """The payment in its next state. Raises IllegalTransition."""
        if state not in FOLLOWS.get(self.state, ()):
            raise IllegalTransition(f"a {self.state} payment cannot become {state}")
        changed = {"state": state, "version": self.version + 1, "changed_at": timestamp(moment), "due_at": None}
        return self.model_copy(update=changed | facts)


def _facts(outcome: Outcome, moment: datetime) -> dict[str, Any]:
    match outcome:
        case Authorised(reference):
            return {"state": PaymentState.AUTHORISED} | ({"reference": reference} if reference else {})
        case Declined(reason):
            return {"state": PaymentState.DECLINED, "reason": reason}
        case Pending(reference):
            return {"state": PaymentState.PENDING, "reference": reference, "due_at": timestamp(moment + SOONEST)}
