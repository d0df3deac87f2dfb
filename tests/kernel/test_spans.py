"""What a line of the log tells of time: pure, line by line."""

from typing import Any

import pytest

from cartwheel.kernel.spans import Span, spans

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def at(milliseconds: float) -> str:
    return f"2026-11-21T12:00:{milliseconds / 1000:06.3f}+00:00"


def answered(**facts: Any) -> dict[str, Any]:
    about = {"route": "POST /orders", "status": 202, "milliseconds": 8, "receivedAt": at(0)}
    return _line(10, "answered", "ordering-api", "a", **(about | facts))


def handled(
    end: float, span: str = "b", parent: str | None = "a", function: str = "placement", **facts: Any
) -> dict[str, Any]:
    about = {
        "eventType": "Placed",
        "eventId": "e",
        "receives": 1,
        "milliseconds": 5,
        "eventAt": at(9),
        "sentAt": at(12),
    }
    above = {"parentSpanId": parent} if parent else {}
    return _line(end, "handled", function, span, **above, **(about | facts))


def _line(end: float, message: str, function: str, span: str, **facts: Any) -> dict[str, Any]:
    return {"timestamp": at(end), "message": message, "function": function, "traceId": TRACE, "spanId": span, **facts}


def told(*lines: dict[str, Any]) -> list[tuple[str, str, float, float]]:
    """Kind, function, begin and length, in milliseconds since noon."""
    found = spans(lines)
    return [(each.kind, each.where, each.began.microsecond / 1000, each.milliseconds) for each in found]


def by_kind(*lines: dict[str, Any]) -> dict[str, Span]:
    return {span.kind: span for span in spans(lines)}


def test_a_request_waits_for_its_function() -> None:
    assert told(answered()) == [("request", "ordering-api", 0, 10), ("invocation", "ordering-api", 2, 8)]
    found = by_kind(answered(parentSpanId="caller"))
    assert found["request"].parent_id == "caller"
    assert (found["invocation"].parent_id, found["invocation"].span_id) == (found["request"].span_id, "a")


def test_only_an_error_of_ours_is_a_failure() -> None:
    assert not by_kind(answered(status=422))["request"].failed
    assert by_kind(answered(status=503))["request"].failed


def test_an_event_waits_in_the_outbox_and_in_the_queue() -> None:
    assert told(handled(25)) == [
        ("outbox", "placement", 9, 3),
        ("queue", "placement", 12, 8),
        ("delivery", "placement", 20, 5),
    ]
    assert {span.parent_id for span in spans([handled(25)])} == {"a"}


def test_where_the_bus_is_a_service_it_is_a_hop_of_its_own() -> None:
    assert told(handled(25, relayedAt=at(10)))[:3] == [
        ("outbox", "placement", 9, 1),
        ("bus", "placement", 10, 2),
        ("queue", "placement", 12, 8),
    ]


def test_an_event_for_two_is_in_the_outbox_once() -> None:
    kinds = [each[:2] for each in told(handled(25), handled(30, "c", function="mails"))]
    assert kinds.count(("outbox", "placement")) == 1
    assert [kind for kind, where in kinds if where == "mails"] == ["queue", "delivery"]


def test_after_a_failed_attempt_it_waits_anew() -> None:
    first = handled(25) | {"message": "delivery failed"}
    again = handled(130, "c", receives=2)
    assert told(first, again)[-2:] == [("queue", "placement", 25, 100), ("delivery", "placement", 125, 5)]
    assert [(span.attempt, span.failed) for span in spans([first, again]) if span.kind == "delivery"] == [
        (1, True),
        (2, False),
    ]


def test_a_call_says_whether_it_failed() -> None:
    def call(outcome: str) -> Span:
        line = _line(9, "provider called", "payment-events", "p", operation="void", outcome=outcome, milliseconds=3)
        return by_kind(line | {"parentSpanId": "b"})["call"]

    assert [call(each).failed for each in ("done", "declined", "pending")] == [False] * 3
    assert [call(each).failed for each in ("failed", "ProviderTimeout", "ProviderRefused")] == [True] * 3
    assert (call("done").name, call("done").parent_id, call("done").milliseconds) == ("void: done", "b", 3)


def test_clocks_that_differ_make_nothing_shorter_than_nothing() -> None:
    assert all(each[3] >= 0 for each in told(handled(25, sentAt=at(900)), answered(receivedAt=at(900))))


def test_an_event_that_nobody_traced_begins_with_its_delivery() -> None:
    found = by_kind(handled(25, parent=None))
    assert found.keys() == {"queue", "delivery"}
    assert found["delivery"].parent_id is None


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"message": "handled"},
        {"message": {"a": 1}},
        {"message": "printed"},
        handled(25) | {"timestamp": "yesterday"},
        handled(25) | {"milliseconds": "long"},
        {name: value for name, value in handled(25).items() if name != "traceId"},
        {"message": "provider called", "operation": "callback", "outcome": "authorised", "timestamp": at(1)},
    ],
)
def test_lines_of_another_form_tell_of_nothing(other: Any) -> None:
    assert len(spans([other, handled(25)])) == 3
