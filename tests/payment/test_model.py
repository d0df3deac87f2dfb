"""The states of a payment: which may follow which."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartwheel.payment.model import FOLLOWS, LATEST, SOONEST, IllegalTransition, Payment, PaymentState
from cartwheel.payment.provider import Authorised, Declined, Pending, key_of, order_of

MOMENT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def payment(state: PaymentState) -> Payment:
    opened = Payment.opened("o", 1999, "EUR", Pending("r"), MOMENT)
    return opened.model_copy(update={"state": state})


@pytest.mark.parametrize(("before", "after"), list(product(PaymentState, PaymentState)))
def test_only_allowed_states_follow(before: PaymentState, after: PaymentState) -> None:
    if after in FOLLOWS.get(before, ()):
        became = payment(before).become(MOMENT, after)
        assert (became.state, became.version) == (after, 2)
    else:
        with pytest.raises(IllegalTransition, match=f"a {before} payment cannot become {after}"):
            payment(before).become(MOMENT, after)


def test_nothing_follows_an_end() -> None:
    ends = {state for state in PaymentState if state not in FOLLOWS}
    assert ends == {PaymentState.DECLINED, PaymentState.VOIDED, PaymentState.REFUNDED, PaymentState.CANCELLED}


def test_only_a_pending_payment_is_due() -> None:
    pending = payment(PaymentState.PENDING)
    assert pending.due_at == "2026-11-20T12:00:02.000Z"
    assert pending.settled(Authorised(), MOMENT).due_at is None
    assert pending.become(MOMENT, PaymentState.VOIDED).due_at is None


def test_decision_keeps_the_reference_of_the_first_answer() -> None:
    assert payment(PaymentState.PENDING).settled(Authorised(), MOMENT).reference == "r"
    assert payment(PaymentState.PENDING).settled(Authorised("better"), MOMENT).reference == "better"
    assert payment(PaymentState.PENDING).settled(Declined("no"), MOMENT).reason == "no"


@given(st.integers(1, 10**6))
def test_waits_between_questions_grow_within_bounds(age: int) -> None:
    asked = [MOMENT + timedelta(seconds=age)]
    pending = payment(PaymentState.PENDING)
    for _ in range(4):
        pending = pending.settled(Pending("r"), asked[-1])
        asked.append(datetime.fromisoformat(pending.due_at or ""))
    waits = [later - earlier for earlier, later in pairwise(asked)]
    assert waits == sorted(waits)
    assert waits[0] >= SOONEST
    assert waits[-1] <= LATEST


def test_keys_name_orders() -> None:
    assert order_of(key_of("o")) == "o"
    assert order_of("o") == order_of("o:capture") == ""
