"""StockReserved and OrderCancelled in every order, overtaking each other and crashing at every commit."""

from itertools import product
from unittest.mock import patch

import pytest

from cartwheel.kernel.environment import Environment
from cartwheel.payment import consumers, schedules
from cartwheel.payment.model import PaymentState
from cartwheel.payment.sandbox import SandboxProvider

from .conftest import MakeWorld
from .world import World, crash

TOKENS = ["tok_approve", "tok_decline", "tok_timeout_once", "tok_late", "tok_late_decline", "tok_twice"]
POINTS = list(product((0, 1), ("before", "after")))


class Forgetful(SandboxProvider):
    """Does not mark what it is told to void without knowing it, as some real providers do."""

    def void(self, key: str) -> None:
        if self._read(key):
            super().void(key)


def forgetful(environment: Environment) -> SandboxProvider:
    return Forgetful(environment.store)


def drain(world: World) -> None:
    """Everything once more, and all the time the provider may need."""
    for name in ("reserved", "cancelled", "reserved"):
        world.persist(name)
    for _ in range(5):
        world.poll(later=5)


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("interruption", ["crash", "overtaken", "overtaken, then crash"])
@pytest.mark.parametrize("point", POINTS, ids=lambda point: f"{point[1]}-commit-{point[0]}")
@pytest.mark.parametrize(("first", "second"), [("reserved", "cancelled"), ("cancelled", "reserved")])
def test_lesson_payment_kept_for_a_cancelled_order(
    make_world: MakeWorld, token: str, interruption: str, point: tuple[int, str], first: str, second: str
) -> None:
    world = make_world(token)

    def interrupt() -> None:
        if "overtaken" in interruption:
            world.persist(second)
        if "crash" in interruption:
            crash()

    world.store.interruptions[point] = interrupt
    world.persist(first)
    assert not world.store.interruptions, "the test never got to its point"
    drain(world)

    assert world.taken() == 0
    assert world.payment().state in (PaymentState.VOIDED, PaymentState.CANCELLED, PaymentState.DECLINED)
    assert world.emitted().count("PaymentAuthorised") <= 1


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("interruption", ["overtaken", "overtaken, then crash"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_authorisation_that_lost_against_the_cancellation_is_let_go_by_us(
    make_world: MakeWorld, token: str, interruption: str, when: str
) -> None:
    """Even where the provider forgets the void it got before the charge, the tombstone makes us void again."""
    world = make_world(token)

    def interrupt() -> None:
        world.persist("cancelled")
        if "crash" in interruption:
            crash()

    world.store.interruptions[0, when] = interrupt  # the provider's commit of the charge
    with patch.object(consumers, "provider", forgetful), patch.object(schedules, "provider", forgetful):
        world.persist("reserved")
        drain(world)
    assert world.taken() == 0
    assert world.payment().state is PaymentState.CANCELLED
    assert world.emitted() == []


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("point", POINTS, ids=lambda point: f"{point[1]}-commit-{point[0]}")
def test_lesson_charged_twice_on_redelivery(make_world: MakeWorld, token: str, point: tuple[int, str]) -> None:
    world = make_world(token)
    world.store.interruptions[point] = crash
    for _ in range(3):
        world.persist("reserved")
    for _ in range(3):
        world.poll(later=5)

    declined = "decline" in token
    assert len(world.store.charges) == 1
    assert world.taken() == (0 if declined else 1)
    assert world.emitted() == ["PaymentDeclined" if declined else "PaymentAuthorised"]


def test_lesson_charged_twice_when_two_deliveries_run_at_once(make_world: MakeWorld) -> None:
    world = make_world(None)
    world.store.interruptions[0, "before"] = lambda: world.deliver("reserved")
    world.deliver("reserved")
    assert world.taken() == 1
    assert world.emitted() == ["PaymentAuthorised"]


@pytest.mark.parametrize("point", POINTS, ids=lambda point: f"{point[1]}-commit-{point[0]}")
@pytest.mark.parametrize(("name", "event"), [("fulfilled", "PaymentCaptured"), ("refunded", "PaymentRefunded")])
def test_crash_in_capture_or_refund_repeats_nothing(
    make_world: MakeWorld, name: str, event: str, point: tuple[int, str]
) -> None:
    world = make_world(None)
    for earlier in ["reserved", "fulfilled"][: 1 if name == "fulfilled" else 2]:
        world.deliver(earlier)
    number, when = point
    world.store.interruptions[world.store.count + number, when] = crash
    world.persist(name)
    world.persist(name)
    assert not world.store.interruptions
    assert world.emitted().count(event) == 1
    assert world.payment().state.value.lower() in event.lower()
