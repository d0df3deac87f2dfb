"""The provider port's contract, and the built-in provider's tokens."""

from collections.abc import Callable
from datetime import datetime

import pytest

from cartwheel.payment.provider import (
    Authorised,
    Declined,
    Outcome,
    PaymentProvider,
    Pending,
    ProviderRefused,
    ProviderTimeout,
)
from cartwheel.payment.sandbox import SandboxProvider
from cartwheel.payment.sandbox_charge import TOKENS

from .conftest import MakeWorld
from .world import World

KEY = "order:authorise"


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world(None)


@pytest.fixture
def provider(world: World) -> PaymentProvider:
    return SandboxProvider(world.store)


def test_same_key_same_answer_one_charge(provider: PaymentProvider, world: World) -> None:
    answers = {provider.authorise(KEY, 100, "EUR", None) for _ in range(3)}
    assert len(answers) == 1
    assert isinstance(answers.pop(), Authorised)
    assert world.taken() == 1


def test_every_call_may_be_repeated(provider: PaymentProvider, world: World) -> None:
    provider.authorise(KEY, 100, "EUR", None)
    for call in (provider.capture, provider.refund):
        call(KEY)
        call(KEY)
    provider.capture(KEY)  # comes again after the refund, and takes nothing
    assert world.taken() == 0


def test_voided_charge_is_let_go_for_good(provider: PaymentProvider, world: World) -> None:
    provider.authorise(KEY, 100, "EUR", None)
    provider.void(KEY)
    provider.void(KEY)
    assert isinstance(provider.authorise(KEY, 100, "EUR", None), Declined)
    assert isinstance(provider.status(KEY), Declined)
    assert world.taken() == 0
    for call in (provider.capture, provider.refund):
        with pytest.raises(ProviderRefused):
            call(KEY)


@pytest.mark.parametrize("token", [None, *TOKENS])
def test_void_of_an_unknown_key_stops_an_authorisation_on_its_way(
    provider: PaymentProvider, world: World, token: str | None
) -> None:
    provider.void(KEY)
    assert isinstance(provider.authorise(KEY, 100, "EUR", token), Declined)
    assert world.taken() == 0


def test_captured_charge_cannot_be_voided(provider: PaymentProvider, world: World) -> None:
    provider.authorise(KEY, 100, "EUR", None)
    provider.capture(KEY)
    with pytest.raises(ProviderRefused, match="refund"):
        provider.void(KEY)
    assert world.taken() == 1


@pytest.mark.parametrize("call", ["capture", "refund", "status"])
def test_unknown_charge_is_refused(provider: PaymentProvider, call: str) -> None:
    method: Callable[[str], object] = getattr(provider, call)
    with pytest.raises(ProviderRefused):
        method(KEY)


def test_void_stops_a_pending_charge(provider: PaymentProvider, world: World) -> None:
    assert isinstance(provider.authorise(KEY, 100, "EUR", "tok_late"), Pending)
    provider.void(KEY)
    world.poll(later=10)
    assert isinstance(provider.status(KEY), Declined)


@pytest.mark.parametrize(("token", "decision"), [("tok_late", Authorised), ("tok_late_decline", Declined)])
def test_late_tokens_decide_after_three_seconds(
    provider: PaymentProvider, world: World, token: str, decision: type
) -> None:
    first = provider.authorise(KEY, 100, "EUR", token)
    assert isinstance(first, Pending)
    world.poll(later=2.9)
    assert provider.status(KEY) == first
    world.poll(later=0.1)
    assert isinstance(provider.status(KEY), decision)


def test_timeout_tokens(provider: PaymentProvider, world: World) -> None:
    for _ in range(3):
        with pytest.raises(ProviderTimeout):
            provider.authorise(KEY, 100, "EUR", "tok_timeout")
    assert world.taken() == 0
    with pytest.raises(ProviderTimeout):
        provider.authorise("other:authorise", 100, "EUR", "tok_timeout_once")
    assert world.taken() == 1
    assert isinstance(provider.authorise("other:authorise", 100, "EUR", "tok_timeout_once"), Authorised)
    assert world.taken() == 1


def test_callback_that_was_not_heard_is_made_again(provider: PaymentProvider, world: World) -> None:
    provider.authorise(KEY, 100, "EUR", "tok_twice")
    assert list(provider.callbacks()) == []
    world.moment = datetime.fromisoformat("2026-11-20T12:00:03Z")
    for _ in range(2):
        heard = next(iter(provider.callbacks()))  # and then the listener dies
        assert (heard.key, type(heard.decision)) == (KEY, Authorised)
    assert len(list(provider.callbacks())) == 1
    assert list(provider.callbacks()) == []


@pytest.mark.parametrize("token", [None, "tok_late"])
def test_void_that_overtakes_the_charge_wins(provider: PaymentProvider, world: World, token: str | None) -> None:
    world.store.interruptions[0, "before"] = lambda: provider.void(KEY)
    assert isinstance(provider.authorise(KEY, 100, "EUR", token), Declined)
    assert world.taken() == 0


def test_twin_calls_at_once_are_one_charge(provider: PaymentProvider, world: World) -> None:
    answers: list[Outcome] = []
    world.store.interruptions[0, "before"] = lambda: answers.append(provider.authorise(KEY, 100, "EUR", None))
    answers.append(provider.authorise(KEY, 100, "EUR", None))
    assert answers[0] == answers[1]
    assert world.taken() == 1
