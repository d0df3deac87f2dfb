"""The model alone: what is allowed, what is refused, and that no order of happenings leads to a wrong state."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cartwheel.kernel.errors import Conflict
from cartwheel.kernel.events import Event
from cartwheel.kernel.settings import Settings
from cartwheel.ordering.events import (
    CancelReason,
    OrderCancelled,
    OrderConfirmed,
    OrderFulfilled,
    OrderPlaced,
    OrderRefunded,
    PaymentInstruction,
)
from cartwheel.ordering.model import OPEN, Line, Moment, Order, Status, Step

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
SETTINGS = Settings(stock_deadline=300, payment_deadline=900, fulfilment_deadline=86400)

FOLLOWS = {
    Status.PENDING: {Status.PLACED, Status.CANCELLED},
    Status.PLACED: {Status.RESERVED, Status.CANCELLED},
    Status.RESERVED: {Status.CONFIRMED, Status.CANCELLED},
    Status.CONFIRMED: {Status.FULFILLED, Status.CANCELLED},
    Status.FULFILLED: {Status.REFUNDED},
    Status.CANCELLED: set(),
    Status.REFUNDED: set(),
}
ANNOUNCES = {
    Status.PLACED: OrderPlaced,
    Status.CONFIRMED: OrderConfirmed,
    Status.CANCELLED: OrderCancelled,
    Status.FULFILLED: OrderFulfilled,
    Status.REFUNDED: OrderRefunded,
}
FACTS: dict[str, Callable[[Order, Moment], Step]] = {
    "place": Order.place,
    "reserve": Order.reserve,
    "reject": lambda order, moment: order.reject(["mug"], moment),
    "release": Order.release,
    "authorise": Order.authorise,
    "decline": lambda order, moment: order.decline("card_declined", moment),
    "expire": Order.expire,
}
COMMANDS: dict[str, tuple[Callable[[Order, Moment], Step], frozenset[Status]]] = {
    "cancel": (lambda order, moment: order.cancel(CancelReason.BY_CUSTOMER, moment), OPEN | {Status.CANCELLED}),
    "fulfil": (Order.fulfil, frozenset({Status.CONFIRMED})),
    "refund": (Order.refund, frozenset({Status.FULFILLED})),
}


def at(seconds: float) -> Moment:
    return Moment(START + timedelta(seconds=seconds), SETTINGS)


def pending() -> Order:
    payment = PaymentInstruction(amount=3750, currency="EUR", token="tok-1")
    lines = [Line(sku="mug", name="Blue mug", quantity=3, unit_price=1250)]
    return Order.submit("order-1", payment, at(0), lines, email="a@example.com")


def after(*names: str) -> Order:
    order = pending()
    for name in names:
        decide = COMMANDS[name][0] if name in COMMANDS else FACTS[name]
        order = decide(order, at(1)).order
    return order


ORDERS = {
    Status.PENDING: after(),
    Status.PLACED: after("place"),
    Status.RESERVED: after("place", "reserve"),
    Status.CONFIRMED: after("place", "reserve", "authorise"),
    Status.FULFILLED: after("place", "reserve", "authorise", "fulfil"),
    Status.REFUNDED: after("place", "reserve", "authorise", "fulfil", "refund"),
    Status.CANCELLED: after("place", "cancel"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("status", Status)
def test_command_is_refused_unless_allowed(status: Status, command: str) -> None:
    order = ORDERS[status]
    assert order.status is status
    decide, allowed = COMMANDS[command]
    if status in allowed:
        assert decide(order, at(2)).order.status is not order.status or status is Status.CANCELLED
    else:
        with pytest.raises(Conflict, match=f"The order is {status} and cannot be .* Possible now: "):
            decide(order, at(2))


def test_refusal_says_what_is_possible() -> None:
    with pytest.raises(Conflict, match=r"FULFILLED and cannot be cancelled\. Possible now: refund"):
        ORDERS[Status.FULFILLED].cancel(CancelReason.BY_SHOP, at(2))
    with pytest.raises(Conflict, match="Possible now: nothing more"):
        ORDERS[Status.REFUNDED].fulfil(at(2))


def test_placing_hands_over_the_payment_token_and_forgets_it() -> None:
    step = pending().place(at(1))
    assert step.order.payment_token is None
    (placed,) = step.events
    assert isinstance(placed, OrderPlaced)
    assert placed.payment == PaymentInstruction(amount=3750, currency="EUR", token="tok-1")
    assert [(line.sku, line.quantity) for line in placed.lines] == [("mug", 3)]


def test_payment_seen_before_stock_is_remembered() -> None:
    early = after("place", "authorise")
    assert early.status is Status.PLACED
    step = early.reserve(at(3))
    assert [entered.status for entered in step.order.history][-2:] == [Status.RESERVED, Status.CONFIRMED]
    assert [type(event) for event in step.events] == [OrderConfirmed]


def test_payment_and_stock_seen_before_placing_are_remembered() -> None:
    step = after("authorise", "reserve").place(at(3))
    assert step.order.status is Status.CONFIRMED
    assert [type(event) for event in step.events] == [OrderPlaced, OrderConfirmed]


def test_what_was_authorised_cannot_be_declined() -> None:
    order = ORDERS[Status.CONFIRMED]
    assert order.decline("late", at(2)).order is order


def test_confirmed_order_survives_release_but_not_rejection() -> None:
    order = ORDERS[Status.CONFIRMED]
    assert order.release(at(2)).order is order
    lost = order.reject(["mug"], at(2)).order
    assert (lost.status, lost.reason, lost.short) == (Status.CANCELLED, CancelReason.OUT_OF_STOCK, ("mug",))


@pytest.mark.parametrize(
    ("status", "limit", "reason"),
    [
        (Status.PENDING, 300, CancelReason.STOCK_TIMEOUT),
        (Status.PLACED, 301, CancelReason.STOCK_TIMEOUT),
        (Status.RESERVED, 901, CancelReason.PAYMENT_TIMEOUT),
        (Status.CONFIRMED, 86401, CancelReason.FULFILMENT_TIMEOUT),
    ],
)
def test_deadline(status: Status, limit: float, reason: CancelReason) -> None:
    order = ORDERS[status]
    assert order.expire(at(limit - 0.001)).order is order
    assert order.expire(at(limit)).order.reason is reason


def test_personal_data_is_not_in_the_representation() -> None:
    assert "a@example.com" not in repr(pending())
    assert "tok-1" not in repr(pending())


class OrderLife(RuleBasedStateMachine):
    """Anything may happen at any time, on clocks that disagree."""

    @initialize()
    def begin(self) -> None:
        self.order = pending()
        self.now = 0.0
        self.events: list[Event] = []

    def moment(self, passes: float) -> Moment:
        self.now += passes
        return at(self.now)

    def take(self, step: Step) -> None:
        if self.order.status in (Status.CANCELLED, Status.REFUNDED):
            assert step.order is self.order
        if step.order is self.order:
            assert step.events == ()
        self.order = step.order
        self.events += step.events

    @rule(name=st.sampled_from(sorted(FACTS)), passes=st.floats(-5, 400), twice=st.booleans())
    def fact(self, name: str, passes: float, twice: bool) -> None:
        moment = self.moment(passes)
        self.take(FACTS[name](self.order, moment))
        if twice:
            assert FACTS[name](self.order, moment).order is self.order

    @rule(name=st.sampled_from(sorted(COMMANDS)), passes=st.floats(-5, 400))
    def command(self, name: str, passes: float) -> None:
        decide, allowed = COMMANDS[name]
        if self.order.status in allowed:
            self.take(decide(self.order, self.moment(passes)))
        else:
            with pytest.raises(Conflict):
                decide(self.order, self.moment(passes))

    @invariant()
    def history_tells_a_possible_life(self) -> None:
        history = self.order.history
        assert history[-1].status is self.order.status
        assert [entered.at for entered in history] == sorted(entered.at for entered in history)
        for earlier, later in pairwise(history):
            assert later.status in FOLLOWS[earlier.status]

    @invariant()
    def confirmed_means_reserved_and_authorised(self) -> None:
        entered = {entered.status for entered in self.order.history}
        if Status.CONFIRMED in entered:
            assert self.order.stock_reserved
            assert self.order.payment_authorised

    @invariant()
    def never_stuck_with_all_it_waits_for(self) -> None:
        both = self.order.stock_reserved and self.order.payment_authorised
        assert not (both and self.order.status in (Status.PLACED, Status.RESERVED))

    @invariant()
    def every_status_is_announced_once(self) -> None:
        entered = [ANNOUNCES[e.status] for e in self.order.history if e.status in ANNOUNCES]
        assert [type(event) for event in self.events] == entered

    @invariant()
    def open_orders_have_a_deadline_others_none(self) -> None:
        assert (self.order.deadline is not None) == (self.order.status in OPEN)
        assert (self.order.reason is not None) == (self.order.status is Status.CANCELLED)
        assert self.order.payment_token is None or self.order.status is Status.PENDING


TestOrderLife: Any = OrderLife.TestCase
TestOrderLife.settings = settings(max_examples=200, stateful_step_count=25, deadline=None, database=None)
