"""W3C trace context: what is taken from others, what is passed on, and that a child names its parent."""

import re
from collections.abc import Iterator
from contextlib import suppress

import pytest

from cartwheel.kernel import telemetry, tracing

from .world import Packed, envelope

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GIVEN = f"00-{TRACE}-{SPAN}-01"


@pytest.fixture(autouse=True)
def _nothing_is_active() -> Iterator[None]:
    tracing.forget()
    yield
    tracing.forget()


@pytest.mark.parametrize(
    "given", [GIVEN, f"  {GIVEN} ", f"00-{TRACE}-{SPAN}-03", f"cc-{TRACE}-{SPAN}-01-what-is-to-come"]
)
def test_a_trace_is_gone_on_with(given: str) -> None:
    context = tracing.begin(given, "vendor=1")
    assert (context.trace_id, context.parent_id, context.sampled, context.state) == (TRACE, SPAN, True, "vendor=1")
    assert context.span_id not in (SPAN, TRACE)
    assert context.traceparent == f"00-{TRACE}-{context.span_id}-01"


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "nonsense",
        GIVEN.upper(),
        GIVEN[:-1],
        f"{GIVEN}-more",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-xx",
        f"{GIVEN},{GIVEN}",
        f"{GIVEN}\n{GIVEN}",
    ],
    ids=repr,
)
def test_what_is_no_traceparent_begins_a_trace_of_its_own(given: str | None) -> None:
    first, second = tracing.begin(given, "vendor=1"), tracing.begin(given)
    assert first.trace_id not in (TRACE, second.trace_id)
    assert (first.parent_id, first.sampled, first.state) == (None, True, None)
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", first.traceparent)


def test_who_does_not_sample_is_heard() -> None:
    context = tracing.begin(f"00-{TRACE}-{SPAN}-02")  # other flags are not ours to pass on
    assert context.traceparent.endswith("-00")
    assert context.child().traceparent.endswith("-00")
    assert tracing.marks()["sampled"] is False
    tracing.begin(GIVEN)
    assert tracing.marks()["sampled"] is None


@pytest.mark.parametrize("state", [None, "", "x" * 513, "vendör=1"])
def test_a_state_that_need_not_be_passed_on_is_not(state: str | None) -> None:
    tracing.begin(GIVEN, state)
    assert tracing.carried().keys() == {"traceparent"}


def test_an_event_carries_the_span_that_emits_it() -> None:
    context = tracing.begin(GIVEN, "vendor=1")
    emitted = envelope(Packed(box="a"))
    assert (emitted.told("traceparent"), emitted.told("tracestate")) == (context.traceparent, "vendor=1")


def test_outside_of_a_span_an_event_carries_none() -> None:
    assert envelope(Packed(box="a")).detail["metadata"].keys().isdisjoint({"traceparent", "tracestate"})
    assert tracing.marks() == {}


def test_a_call_is_a_span_below_the_one_it_is_made_in() -> None:
    above = tracing.begin()
    with tracing.within() as call:
        assert tracing.active() == call
        assert (call.trace_id, call.parent_id) == (above.trace_id, above.span_id)
    assert tracing.active() == above


def test_a_call_that_fails_is_over_all_the_same() -> None:
    above = tracing.begin()
    with suppress(LookupError), tracing.within():
        raise LookupError
    assert tracing.active() == above


def test_a_call_outside_of_a_span_leaves_none_behind() -> None:
    with tracing.within() as call:
        assert call.parent_id is None
    assert tracing.active() is None


def test_an_invocation_is_no_part_of_the_one_before() -> None:
    tracing.begin()
    telemetry.begin("next", "request")
    assert tracing.active() is None
