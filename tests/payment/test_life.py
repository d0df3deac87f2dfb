"""A payment from authorisation to refund, as the events of the order move it."""

from itertools import pairwise
from unittest.mock import patch

import pytest

from cartwheel.payment import sandbox
from cartwheel.payment.model import PaymentState
from cartwheel.payment.provider import ProviderTimeout, key_of
from cartwheel.payment.sandbox_charge import ChargeState

from .conftest import MakeWorld
from .world import Failed


def test_authorised_captured_refunded(make_world: MakeWorld) -> None:
    world = make_world(None)
    for name, state in [
        ("reserved", PaymentState.AUTHORISED),
        ("fulfilled", PaymentState.CAPTURED),
        ("refunded", PaymentState.REFUNDED),
    ]:
        world.deliver(name)
        assert world.payment().state is state
    assert world.emitted() == ["PaymentAuthorised", "PaymentCaptured", "PaymentRefunded"]
    payment, charge = world.payment(), world.charge()
    assert charge is not None
    assert charge.state is ChargeState.REFUNDED
    assert (charge.amount, charge.currency) == (payment.amount, payment.currency) == (1999, "EUR")
    assert payment.reference == charge.reference


def test_declined_with_the_providers_reason(make_world: MakeWorld) -> None:
    world = make_world("tok_decline")
    world.deliver("reserved")
    payment = world.payment()
    assert (payment.state, payment.reason) == (PaymentState.DECLINED, "insufficient funds")
    world.deliver("cancelled")
    assert world.emitted() == ["PaymentDeclined"]


def test_unknown_token_is_declined_and_not_repeated_in_the_reason(make_world: MakeWorld) -> None:
    world = make_world("card 4111111111111111")
    world.deliver("reserved")
    reason = world.payment().reason or ""
    assert "unknown payment token" in reason
    assert "4111" not in reason


def test_cancelled_order_gets_its_hold_back(make_world: MakeWorld) -> None:
    world = make_world(None)
    world.deliver("reserved")
    world.deliver("cancelled")
    assert world.payment().state is PaymentState.VOIDED
    assert world.emitted() == ["PaymentAuthorised", "PaymentVoided"]
    assert world.taken() == 0


def test_cancelled_order_gets_captured_money_back(make_world: MakeWorld) -> None:
    world = make_world(None)
    world.deliver("reserved")
    world.deliver("fulfilled")
    world.deliver("cancelled")
    assert world.payment().state is PaymentState.REFUNDED
    assert world.emitted()[-1] == "PaymentRefunded"
    assert world.taken() == 0


def test_reservation_after_the_cancellation_charges_nothing(make_world: MakeWorld) -> None:
    world = make_world(None)
    world.deliver("cancelled")
    world.deliver("reserved")
    assert world.payment().state is PaymentState.CANCELLED
    assert world.emitted() == []
    assert world.taken() == 0


@pytest.mark.parametrize("early", ["fulfilled", "refunded"])
def test_event_that_overtook_its_cause_is_retried(make_world: MakeWorld, early: str) -> None:
    world = make_world(None)
    with pytest.raises(Failed, match="NotYet"):
        world.deliver(early)
    world.deliver("reserved")
    world.deliver("fulfilled")
    world.deliver(early)
    assert world.payment().state is (PaymentState.CAPTURED if early == "fulfilled" else PaymentState.REFUNDED)


def test_lesson_late_event_overwrites_a_later_state(make_world: MakeWorld) -> None:
    world = make_world(None)
    for name in ("reserved", "fulfilled", "refunded"):
        world.deliver(name)
    before = world.payment()
    world.messages["fulfilled"] = {**world.messages["fulfilled"], "id": "another"}
    world.messages["reserved"] = {**world.messages["reserved"], "id": "yet another"}
    for name in ("fulfilled", "reserved", "cancelled"):
        world.deliver(name)
    assert world.payment() == before


def test_lesson_failure_remembered_as_done(make_world: MakeWorld) -> None:
    """A time-out is no outcome: nothing is stored, and the same message succeeds when the provider is back."""
    world = make_world("tok_timeout_once")
    with pytest.raises(Failed, match="ProviderTimeout"):
        world.deliver("reserved")
    assert world.emitted() == []
    world.deliver("reserved")
    assert world.payment().state is PaymentState.AUTHORISED
    assert world.taken() == 1


def test_provider_that_always_times_out_charges_nothing_and_can_be_cancelled(make_world: MakeWorld) -> None:
    world = make_world("tok_timeout")
    world.persist("reserved")
    assert world.emitted() == []
    world.deliver("cancelled")
    assert world.payment().state is PaymentState.CANCELLED
    world.deliver("reserved")  # from the dead letters
    assert world.taken() == 0


def test_slow_provider_takes_its_time(make_world: MakeWorld) -> None:
    world = make_world("tok_slow")
    with patch("cartwheel.payment.sandbox.time.sleep") as sleep:
        world.deliver("reserved")
    sleep.assert_called_once_with(5.0)
    assert world.payment().state is PaymentState.AUTHORISED


@pytest.mark.parametrize(
    ("token", "state", "event"),
    [
        ("tok_late", PaymentState.AUTHORISED, "PaymentAuthorised"),
        ("tok_late_decline", PaymentState.DECLINED, "PaymentDeclined"),
    ],
)
def test_late_decision_is_asked_for(make_world: MakeWorld, token: str, state: PaymentState, event: str) -> None:
    world = make_world(token)
    world.deliver("reserved")
    assert world.payment().state is PaymentState.PENDING
    assert world.poll(later=1) == 0, "not due yet"
    assert world.poll(later=1) == 1
    assert world.payment().state is PaymentState.PENDING
    world.poll(later=2)
    payment = world.payment()
    assert payment.state is state
    assert payment.reference
    assert world.emitted() == [event]
    assert world.poll(later=100) == 0, "nothing is left to ask about"


def test_undecided_payment_is_asked_about_less_and_less_often(make_world: MakeWorld) -> None:
    world = make_world("tok_late")
    with patch("cartwheel.payment.sandbox_charge.LATE", world.moment - world.moment.replace(year=2025)):
        world.deliver("reserved")
    asked = [second for second in range(300) if world.poll(later=1)]
    assert asked[0] == 1
    assert len(asked) < 12
    assert max(later - earlier for earlier, later in pairwise(asked)) <= 60


def test_lesson_cancelled_while_pending(make_world: MakeWorld) -> None:
    world = make_world("tok_late")
    world.deliver("reserved")
    world.deliver("cancelled")
    assert world.payment().state is PaymentState.VOIDED
    world.poll(later=10)
    assert world.payment().state is PaymentState.VOIDED
    assert world.taken() == 0
    assert world.emitted() == ["PaymentVoided"]


def test_reservation_told_again_while_pending_changes_nothing(make_world: MakeWorld) -> None:
    world = make_world("tok_late")
    world.deliver("reserved")
    before = world.payment()
    world.messages["reserved"] = {**world.messages["reserved"], "id": "another"}
    world.deliver("reserved")
    assert world.payment() == before


def test_provider_that_answers_twice_changes_nothing_twice(make_world: MakeWorld) -> None:
    world = make_world("tok_twice")
    world.deliver("reserved")
    before = world.payment()
    told = [world.poll(later=4) for _ in range(4)]
    assert told == [1, 1, 0, 0]
    assert world.payment() == before
    assert world.emitted() == ["PaymentAuthorised"]


def test_callback_about_a_charge_that_was_never_recorded_blocks_nobody(make_world: MakeWorld) -> None:
    world = make_world(None)
    sandbox.SandboxProvider(world.store).authorise(key_of(world.order_id), 1999, "EUR", "tok_twice")
    assert world.poll(later=4) == 1
    world.deliver("reserved")
    assert world.payment().state is PaymentState.AUTHORISED
    assert world.taken() == 1


def test_sick_provider_does_not_stop_the_schedule(make_world: MakeWorld) -> None:
    world = make_world("tok_late")
    world.deliver("reserved")
    with patch.object(sandbox.SandboxProvider, "status", side_effect=ProviderTimeout("no answer")):
        world.poll(later=4)
    assert world.payment().state is PaymentState.PENDING
    world.poll(later=10)
    assert world.payment().state is PaymentState.AUTHORISED
