"""EventBridge takes ten entries and 256 KB at once, and says of each whether it has it; every answer is read."""

import json
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from cartwheel.aws.bus import MAX_REQUEST_BYTES, EventBridgeBus
from cartwheel.kernel.envelope import MAX_ENTRY_BYTES, Envelope
from tests.kernel.world import Packed, envelope

from .world import Asked, Service, refusal


def taken(**request: Any) -> dict[str, Any]:
    return {"FailedEntryCount": 0, "Entries": [{"EventId": "made-by-the-bus"} for _ in request["Entries"]]}


def box(name: str, note: str | None = None) -> Envelope:
    return envelope(Packed(box=name, note=note))


def boxes(count: int) -> list[Envelope]:
    return [box(str(number)) for number in range(count)]


def sizes_as_documented(entry: Asked) -> int:
    """The user guide's "Calculating PutEvents event entry size"."""
    return 14 + sum(len(entry[name].encode()) for name in ("Source", "DetailType", "Detail"))


def test_an_entry_carries_the_event_with_our_id_and_time() -> None:
    service, told = Service({"put_events": taken}), box("ü")
    assert EventBridgeBus(service, "bus-1A").publish([told]) == []
    ((_, request),) = service.asked
    (entry,) = request["Entries"]
    assert entry | {"Detail": None} == {
        "EventBusName": "bus-1A",
        "Source": "test",
        "DetailType": "Packed",
        "Time": told.time,
        "Detail": None,
    }
    assert json.loads(entry["Detail"]) == told.detail
    assert json.loads(entry["Detail"])["metadata"].items() >= {"id": told.id, "time": told.time}.items()
    assert "ü" in entry["Detail"], "two bytes, not the six of \\u00fc"


@pytest.mark.parametrize(("count", "chunks"), [(0, []), (1, [1]), (10, [10]), (11, [10, 1]), (25, [10, 10, 5])])
def test_ten_entries_at_once(count: int, chunks: list[int]) -> None:
    service = Service({"put_events": taken})
    assert EventBridgeBus(service, "bus").publish(boxes(count)) == []
    assert [len(request["Entries"]) for request in service.requests("put_events")] == chunks


@given(st.lists(st.integers(0, MAX_REQUEST_BYTES - 1000), max_size=12))
def test_no_request_is_larger_than_it_may_be_and_the_order_stays(lengths: list[int]) -> None:
    service = Service({"put_events": taken})
    events = [box(str(number), "x" * length) for number, length in enumerate(lengths)]
    assert EventBridgeBus(service, "bus").publish(events) == []
    requests = [request["Entries"] for request in service.requests("put_events")]
    assert all(sum(map(sizes_as_documented, entries)) <= 256 * 1024 for entries in requests)
    assert all(len(entries) <= 10 for entries in requests)
    sent = [json.loads(entry["Detail"])["metadata"]["id"] for entries in requests for entry in entries]
    assert sent == [event.id for event in events]


def test_lesson_failed_entry_count_never_read() -> None:
    def some(**request: Any) -> dict[str, Any]:
        subjects = [json.loads(entry["Detail"])["data"]["box"] for entry in request["Entries"]]
        refused = {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}
        entries = [refused if subject in ("3", "11") else {"EventId": "x"} for subject in subjects]
        return {"FailedEntryCount": entries.count(refused), "Entries": entries}

    rejected = EventBridgeBus(Service({"put_events": some}), "bus").publish(boxes(12))
    assert [(each.position, each.reason) for each in rejected] == [
        (3, "ThrottlingException: Rate exceeded"),
        (11, "ThrottlingException: Rate exceeded"),
    ]


@pytest.mark.parametrize(
    "failure",
    [
        refusal("InternalFailure", "PutEvents"),
        EndpointConnectionError(endpoint_url="https://events"),
        ReadTimeoutError(endpoint_url="https://events"),
        KeyError("Entries"),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_a_call_that_fails_rejects_its_entries_and_no_others(failure: Exception) -> None:
    calls = iter([None, failure, None])

    def second_fails(**request: Any) -> dict[str, Any]:
        raised = next(calls)
        if raised:
            raise raised
        return taken(**request)

    rejected = EventBridgeBus(Service({"put_events": second_fails}), "bus").publish(boxes(25))
    assert [each.position for each in rejected] == list(range(10, 20))
    assert all(type(failure).__name__ in each.reason for each in rejected)


@pytest.mark.parametrize(
    "answer", [{}, {"Entries": []}, {"Entries": [{}, {}]}, {"Entries": [{"EventId": ""}]}], ids=repr
)
def test_what_is_not_said_to_be_taken_is_not(answer: dict[str, Any]) -> None:
    rejected = EventBridgeBus(Service({"put_events": lambda **_: answer}), "bus").publish(boxes(1))
    assert [each.position for each in rejected] == [0]


def test_what_is_too_large_is_not_even_offered() -> None:
    service = Service({"put_events": taken})
    events = [box("a"), box("b", "é" * (MAX_ENTRY_BYTES // 2)), box("c")]
    (rejected,) = EventBridgeBus(service, "bus").publish(events)
    assert rejected.position == 1
    assert [len(request["Entries"]) for request in service.requests("put_events")] == [2]
