"""What a timeline tells, and in which order: pure, so every story can be told."""

import json
from itertools import permutations
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartwheel.kernel.journal import Delivery, Held
from cartwheel.ledger.entry import Entry
from cartwheel.ledger.model import Recorded
from cartwheel.ledger.story import entries

from .lines import ORDER, at, failed, handled, line


def event(
    seconds: float, detail_type: str, event_id: str, cause: str | None = None, span: str = "", **data: Any
) -> Recorded:
    """`span` is that of the work which emitted it."""
    metadata = {"traceparent": f"00-{TRACE}-{span}-01"} if span else {}
    return Recorded(
        event_id=event_id,
        source="cartwheel.notification" if detail_type.startswith("Message") else "cartwheel.ordering",
        detail_type=detail_type,
        time=at(seconds),
        detail=json.dumps({"metadata": metadata, "data": {"orderId": ORDER, **data}}),
        subject=ORDER,
        correlation_id="story",
        causation_id=cause,
    )


TRACE, FIRST, SECOND = "1" * 32, "a" * 16, "b" * 16


def told(*facts: Any, held: tuple[Held, ...] = ()) -> list[Entry]:
    events = [fact for fact in facts if isinstance(fact, Recorded)]
    return entries(ORDER, events, [fact for fact in facts if not isinstance(fact, Recorded)], held)


def whats(found: list[Entry]) -> list[str]:
    return [entry.what for entry in found]


REQUEST = line(1, "answered", "ordering-api", route="POST /orders", status=202, causationId="request")


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_at_one_moment_a_cause_comes_before_its_effect(order: tuple[int, ...]) -> None:
    facts = [
        REQUEST,
        event(1, "OrderSubmitted", "submitted", "request"),
        handled(1, "ordering-placement", "submitted", "OrderSubmitted"),
        event(1, "OrderPlaced", "placed", "submitted"),
    ]
    assert whats(told(*(facts[number] for number in order))) == [
        "POST /orders → 202",
        "OrderSubmitted",
        "OrderSubmitted handled",
        "OrderPlaced",
    ]


def test_nothing_comes_before_its_cause_whatever_the_clocks_say() -> None:
    found = told(
        event(5, "OrderSubmitted", "submitted"),
        event(3, "OrderPlaced", "placed", "submitted"),
        event(4, "StockReserved", "reserved", "placed"),
        handled(2, "inventory-events", "placed", "OrderPlaced"),
    )
    assert whats(found) == ["OrderSubmitted", "OrderPlaced", "OrderPlaced handled", "StockReserved"]


def test_what_a_delivery_did_comes_after_it_though_it_says_that_it_began_later() -> None:
    """A line tells when work ended and how long it took; who is kept from the processor in between tells too late."""
    call = line(2.001, "provider called", operation="authorise", outcome="authorised", causationId="reserved")
    found = told(
        event(1, "StockReserved", "reserved"),
        event(2.002, "PaymentAuthorised", "authorised", "reserved", span=FIRST),
        call | {"parentSpanId": FIRST, "milliseconds": 1},
        handled(2.010, "payment-events", "reserved", "StockReserved", milliseconds=2, spanId=FIRST),
    )
    assert whats(found) == ["StockReserved", "StockReserved handled", "authorise: authorised", "PaymentAuthorised"]
    assert [entry.at for entry in found] == [at(1), at(2), at(2), at(2.002)]


def test_of_several_deliveries_of_an_event_the_one_that_emitted_is_its_cause() -> None:
    found = told(
        event(1, "OrderPlaced", "placed"),
        failed(2, 5, spanId=FIRST),
        handled(9.005, "inventory-events", "placed", "OrderPlaced", spanId=SECOND),
        event(9.004, "StockReserved", "reserved", "placed", span=SECOND),
    )
    assert whats(found)[-2:] == ["OrderPlaced handled", "StockReserved"]
    assert [entry.at for entry in found[1:]] == [at(2), at(2), at(9.004), at(9.004)]


def test_events_that_say_they_were_emitted_by_their_own_delivery_are_borne() -> None:
    facts = [event(1, "A", "a", span=FIRST), handled(2, "x-events", "a", "A", spanId=FIRST)]
    assert len(told(*facts)) == 2


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=10), st.randoms())
def test_an_effect_never_comes_before_its_cause(facts: list[tuple[int, int]], random: Random) -> None:
    events = [event(s, f"E{n}", str(n), str(cause) if cause < n else None) for n, (s, cause) in enumerate(facts)]
    found = told(*random.sample(events, len(events)))
    places = {entry.id: place for place, entry in enumerate(found)}
    assert len(places) == len(events)
    assert all(places[entry.caused_by] < places[entry.id] for entry in found if entry.caused_by)


def test_events_that_say_they_caused_each_other_are_borne() -> None:
    assert len(told(event(1, "A", "a", "b"), event(2, "B", "b", "a"), event(3, "C", "c", "c"))) == 3


def test_a_request_is_told_when_it_began() -> None:
    (entry,) = told(line(2, "answered", route="POST /orders", status=202, milliseconds=750.5))
    assert (entry.at, entry.kind, entry.milliseconds) == (at(1.249), "request", 750.5)


def test_what_staff_did_is_told_with_who_it_was() -> None:
    route = "POST /orders/{order_id}/fulfil"
    found = told(line(1, "answered", route=route, status=409, by="bob", role="staff"))
    assert [(entry.kind, entry.what, entry.who) for entry in found] == [("staff", f"{route} → 409", "bob")]


def test_who_only_looks_does_nothing() -> None:
    assert told(line(1, "answered", route="GET /orders/{order_id}", askedFor=ORDER, status=200)) == []


@pytest.mark.parametrize(
    "other",
    [
        {"timestamp": at(1), "message": f"about {ORDER}"},
        {"timestamp": at(1), "function": "x", "message": {"a": 1}, "orderId": ORDER},
        {"timestamp": "yesterday", "function": "x", "message": "handled", "orderId": ORDER},
        {"timestamp": at(1), "message": "handled", "orderId": ORDER},
        line(1, "handled"),
        line(1, "handled", eventType="E", eventId="1", receives=1, milliseconds="long"),
        line(1, "handled", eventType="E", eventId="1", receives=1) | {"orderId": "another"},
        line(1, "answered", route="POST /orders/{order_id}/cancel", askedFor=f"{ORDER}x", status=200)
        | {"orderId": "another"},
    ],
)
def test_lines_of_others_or_of_another_form_tell_nothing(other: Any) -> None:
    assert told(other) == []


def test_the_last_attempt_is_followed_by_the_dead_letter() -> None:
    found = told(event(0, "OrderPlaced", "placed"), *(failed(n, n) for n in range(1, 6)))
    assert [(each.kind, each.attempt) for each in found] == [
        ("event", None),
        *[("attempt failed", n) for n in range(1, 6)],
        ("dead letter", None),
    ]
    assert found[1].error == "LookupError: no shelf"


def test_attempts_that_nobody_answered_are_told_by_the_message() -> None:
    history = (Delivery(at(0.9), "LookupError: no shelf"), Delivery(at(2), "timed out after 30 s"))
    message = Held("inventory-events", "placed", "OrderPlaced", at(0), 2, "timed out", at(4), None, history)
    found = told(event(0, "OrderPlaced", "placed"), failed(1, 1), held=(message,))
    assert [each.error for each in found] == [None, "LookupError: no shelf", "timed out after 30 s"]


def test_a_letter_that_no_line_tells_of_is_told_by_itself() -> None:
    history = (Delivery(at(2), "the function died"),)
    letter = Held("inventory-events", "placed", "OrderPlaced", at(0), 5, "the function died", None, 17, history)
    assert [each.kind for each in told(held=(letter,))] == ["attempt failed", "dead letter"]
    lines = [failed(n, n) for n in range(1, 6)]
    assert [each.kind for each in told(*lines, held=(letter,))].count("dead letter") == 1


def test_details_that_are_told_of_events() -> None:
    found = told(
        event(1, "StockRejected", "1", shortages=[{"sku": "a", "wanted": 2, "available": 1}]),
        event(2, "OrderCancelled", "2", reason="out_of_stock", email="alice@example.com", amount=5, currency="EUR"),
        event(3, "PaymentRefunded", "3", amount=1234, currency="JPY"),
        event(4, "MessageSent", "4", kind="cancelled"),
        event(5, "PaymentDeclined", "5", reason="ask bob@example.com"),
        event(6, "OfTomorrow", "6", anything="alice@example.com"),
    )
    assert whats(found) == [
        "StockRejected: a (2 wanted, 1 there)",
        "OrderCancelled: out_of_stock",
        "PaymentRefunded: 1234 JPY",
        "MessageSent: cancelled",
        "PaymentDeclined: ask …",
        "OfTomorrow",
    ]
    assert [each.kind for each in found] == ["event", "event", "event", "mail", "event", "event"]


def test_an_event_whose_data_are_not_as_they_should_be_is_told_all_the_same() -> None:
    assert whats(told(event(1, "OrderCancelled", "1"), event(2, "PaymentCaptured", "2", amount="x"))) == [
        "OrderCancelled",
        "PaymentCaptured",
    ]
