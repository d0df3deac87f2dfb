"""The life of an order: what may happen to it, and what follows. Time is passed in, events come out.

    PENDING ──► PLACED ──► RESERVED ──► CONFIRMED ──► FULFILLED ──► REFUNDED
       └───────────┴───────────┴────────────┴──► CANCELLED (with its reason)

Commands (`cancel`, `fulfil`, `refund`) refuse what is not allowed. Facts that others report (`reserve`, `reject`, …)
cannot be refused: one that comes late, twice or overtaken changes nothing. A fact that comes early is remembered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from pydantic import Field

from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.errors import Conflict
from cartwheel.kernel.events import Event
from cartwheel.kernel.schema import Record
from cartwheel.kernel.settings import Settings

from .events import (
    CancelReason,
    OrderCancelled,
    OrderConfirmed,
    OrderedLine,
    OrderFulfilled,
    OrderPlaced,
    OrderRefunded,
    PaymentInstruction,
)


class Status(StrEnum):
    PENDING = "PENDING"
    PLACED = "PLACED"
    RESERVED = "RESERVED"
    CONFIRMED = "CONFIRMED"
    FULFILLED = "FULFILLED"
    CANCELLED = "CANCELLED"
    REFUNDED = "REFUNDED"


OPEN: Final = frozenset({Status.PENDING, Status.PLACED, Status.RESERVED, Status.CONFIRMED})

TIMEOUTS: Final = {
    Status.PENDING: CancelReason.STOCK_TIMEOUT,
    Status.PLACED: CancelReason.STOCK_TIMEOUT,
    Status.RESERVED: CancelReason.PAYMENT_TIMEOUT,
    Status.CONFIRMED: CancelReason.FULFILMENT_TIMEOUT,
}

POSSIBLE: Final = {
    **dict.fromkeys(OPEN, "cancel"),
    Status.CONFIRMED: "cancel, fulfil",
    Status.FULFILLED: "refund",
}


# The facts that a state goes back to and that others have to have heard; of what led to a cancellation nothing counts.
FACTS: Final[dict[Status, tuple[Status, ...]]] = {
    Status.CONFIRMED: (Status.CONFIRMED,),
    Status.FULFILLED: (Status.CONFIRMED, Status.FULFILLED),
    Status.REFUNDED: (Status.CONFIRMED, Status.FULFILLED, Status.REFUNDED),
    Status.CANCELLED: (Status.CANCELLED,),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happens to an order; the settings say how long its next step may take."""

    at: datetime
    settings: Settings

    def deadline(self, status: Status) -> str | None:
        """Until when an order may stay in the status; None: for ever."""
        seconds = {
            Status.PENDING: self.settings.stock_deadline,
            Status.PLACED: self.settings.stock_deadline,
            Status.RESERVED: self.settings.payment_deadline,
            Status.CONFIRMED: self.settings.fulfilment_deadline,
        }.get(status)
        return None if seconds is None else timestamp(self.at + timedelta(seconds=seconds))


class Line(Record):
    """A SKU as it was ordered; the price of one piece in minor units."""

    sku: str
    name: str
    quantity: int = Field(ge=1)
    unit_price: int = Field(ge=0)


class Transition(Record):
    """A status the order entered, and when."""

    status: Status
    at: str
    reason: CancelReason | None = None


class Step(NamedTuple):
    """What came of something that happened: the order (the same object if nothing) and the facts to announce."""

    order: "Order"
    events: tuple[Event, ...] = ()


class Order(Record):
    """An order. The payment token is kept only until the payment is instructed; `amount` is in minor units.

    `version` is that of the stored item it was read from. `short` are the SKUs an order failed for, `detail` is what
    the payment provider said.
    """

    order_id: str
    status: Status
    amount: int = Field(ge=0)
    currency: str
    created_at: str
    history: tuple[Transition, ...]
    deadline: str | None = None
    lines: tuple[Line, ...] = ()
    customer_id: str | None = None
    email: str | None = Field(default=None, repr=False)
    payment_token: str | None = Field(default=None, repr=False)
    stock_reserved: bool = False
    payment_authorised: bool = False
    reason: CancelReason | None = None
    detail: str | None = None
    short: tuple[str, ...] = ()
    version: int = 1

    @classmethod
    def submit(
        cls, order_id: str, payment: PaymentInstruction, created: Moment, lines: Sequence[Line] = (), **shopper: Any
    ) -> "Order":
        """A new order. `shopper` may give `customer_id` and `email`."""
        at = timestamp(created.at)
        return cls(
            order_id=order_id,
            status=Status.PENDING,
            amount=payment.amount,
            currency=payment.currency,
            payment_token=payment.token,
            created_at=at,
            history=(Transition(status=Status.PENDING, at=at),),
            deadline=created.deadline(Status.PENDING),
            lines=tuple(lines),
            **shopper,
        )

    def place(self, moment: Moment) -> Step:
        """The order stands: its stock is wanted, and the payment instruction goes on its way."""
        if self.status is not Status.PENDING:
            return Step(self)
        lines = [OrderedLine(sku=line.sku, quantity=line.quantity) for line in self.lines]
        payment = PaymentInstruction(amount=self.amount, currency=self.currency, token=self.payment_token)
        placed = OrderPlaced(order_id=self.order_id, lines=lines, payment=payment)
        return self._move(Status.PLACED, moment, payment_token=None)._advance(moment, placed)

    def reserve(self, moment: Moment) -> Step:
        """All stock of the order is reserved."""
        if self.status not in OPEN or self.stock_reserved:
            return Step(self)
        return self._with(stock_reserved=True)._advance(moment)

    def reject(self, short: Sequence[str], moment: Moment) -> Step:
        """There is not enough stock, or it was lost again: even a confirmed order cannot be kept."""
        if self.status not in OPEN:
            return Step(self)
        return self._with(short=tuple(short))._cancel(CancelReason.OUT_OF_STOCK, moment)

    def release(self, moment: Moment) -> Step:
        """The reservation expired. A confirmed order hears `reject` if its stock is really gone."""
        if self.status not in OPEN or self.status is Status.CONFIRMED:
            return Step(self)
        return self._cancel(CancelReason.STOCK_EXPIRED, moment)

    def authorise(self, moment: Moment) -> Step:
        """The payment is held for the order."""
        if self.status not in OPEN or self.payment_authorised:
            return Step(self)
        return self._with(payment_authorised=True)._advance(moment)

    def decline(self, detail: str, moment: Moment) -> Step:
        """The provider refused the payment. What it once authorised, it cannot decline."""
        if self.status not in OPEN or self.payment_authorised:
            return Step(self)
        return self._with(detail=detail)._cancel(CancelReason.PAYMENT_DECLINED, moment)

    def expire(self, moment: Moment) -> Step:
        """Cancel what stayed in its status beyond the deadline."""
        if self.deadline is None or self.deadline > timestamp(moment.at):
            return Step(self)
        return self._cancel(TIMEOUTS[self.status], moment)

    def cancel(self, reason: CancelReason, moment: Moment) -> Step:
        """Cancel on request; once more is fine. Raises Conflict from FULFILLED on."""
        if self.status is Status.CANCELLED:
            return Step(self)
        self._demand(self.status in OPEN, "cancelled")
        return self._cancel(reason, moment)

    def fulfil(self, moment: Moment) -> Step:
        """The goods are sent. Raises Conflict unless CONFIRMED."""
        self._demand(self.status is Status.CONFIRMED, "fulfilled")
        return Step(self._move(Status.FULFILLED, moment), (OrderFulfilled(**self._told()),))

    def refund(self, moment: Moment) -> Step:
        """The money goes back. Raises Conflict unless FULFILLED."""
        self._demand(self.status is Status.FULFILLED, "refunded")
        return Step(self._move(Status.REFUNDED, moment), (OrderRefunded(**self._told()),))

    @property
    def changed_at(self) -> str:
        return self.history[-1].at

    def facts(self) -> list[tuple[Event, str]]:
        """What its present state goes back to, as it was told, and when; nothing as long as it has not settled."""
        wanted = FACTS.get(self.status, ())
        return [(self._fact(entered.status), entered.at) for entered in self.history if entered.status in wanted]

    def _fact(self, status: Status) -> Event:
        match status:
            case Status.CONFIRMED:
                return OrderConfirmed(**self._told())
            case Status.FULFILLED:
                return OrderFulfilled(**self._told())
            case Status.REFUNDED:
                return OrderRefunded(**self._told())
            case _:
                return OrderCancelled(**self._told(), reason=self.reason or "")

    def claim(self, customer_id: str) -> "Order":
        """A guest's order becomes the customer's."""
        return self if self.customer_id == customer_id else self._with(customer_id=customer_id)

    def _demand(self, allowed: bool, participle: str) -> None:
        if not allowed:
            possible = POSSIBLE.get(self.status, "nothing more")
            raise Conflict(f"The order is {self.status} and cannot be {participle}. Possible now: {possible}.")

    def _advance(self, moment: Moment, *events: Event) -> Step:
        """Go on as far as what is known by now allows: news may have come before it was its turn."""
        order = self
        if order.status is Status.PLACED and order.stock_reserved:
            order = order._move(Status.RESERVED, moment)
        if order.status is Status.RESERVED and order.payment_authorised:
            order = order._move(Status.CONFIRMED, moment)
            events = (*events, OrderConfirmed(**self._told()))
        return Step(order, events)

    def _cancel(self, reason: CancelReason, moment: Moment) -> Step:
        cancelled = self._move(Status.CANCELLED, moment, reason=reason, payment_token=None)
        return Step(cancelled, (OrderCancelled(**self._told(), reason=reason),))

    def _move(self, status: Status, moment: Moment, **changes: Any) -> "Order":
        # Clocks of two machines may differ; the history must not run backwards for that.
        at = max(timestamp(moment.at), self.history[-1].at)
        entered = Transition(status=status, at=at, reason=changes.get("reason"))
        return self._with(status=status, history=(*self.history, entered), deadline=moment.deadline(status), **changes)

    def _with(self, **changes: Any) -> "Order":
        return self.model_copy(update=changes)

    def _told(self) -> dict[str, Any]:
        return {"order_id": self.order_id, "amount": self.amount, "currency": self.currency, "email": self.email}
