"""Whatever happens between a row and the bus, each event is sent, and what cannot be sent is told."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cartwheel.aws import relay
from cartwheel.aws.attributes import to_attributes
from cartwheel.aws.cold_start import Handler
from cartwheel.aws.deployment import Deployment
from cartwheel.aws.relay import Unsent, make
from cartwheel.kernel.clock import now
from cartwheel.kernel.outbox import outbox_row, unsent
from cartwheel.kernel.store import Item, Put, Store, StoreError
from tests.contract.adapters import THINGS
from tests.kernel.world import Packed, envelope, put
from tests.support.store import Wrapped

from .test_bus import taken
from .world import CONTEXT, Clients, Service, refusal

DEPLOYMENT = Deployment(
    function="things-relay", table=THINGS, table_name="things-1", bus_name="bus", indexes={"outbox": ("a", "b")}
)
Answer = dict[str, Any]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "PAUSES", (0.001, 0.001))


@pytest.fixture
def events(clients: Clients) -> Service:
    return clients.add("events", put_events=taken)


@pytest.fixture
def handle(events: Service) -> Handler:
    return make(DEPLOYMENT)


def stored(store: Store, *boxes: str) -> list[Item]:
    puts = [outbox_row(THINGS, [envelope(Packed(box=each)) for each in name]) for name in boxes]
    store.transact(puts)
    return [each.item for each in puts]


def record(item: Item, number: int, event: str = "INSERT") -> dict[str, Any]:
    """As a stream of a table with new and old images tells it."""
    image = "OldImage" if event == "REMOVE" else "NewImage"
    return {
        "eventID": f"{number:032}",
        "eventName": event,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1.7e9,
            "Keys": to_attributes({"PK": item["PK"], "SK": item["SK"]}),
            image: to_attributes(item),
            "SequenceNumber": str(100 + number),
            "SizeBytes": 500,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/things-1/stream/2026-01-01T00:00:00.000",
    }


def records(items: list[Item]) -> dict[str, Any]:
    return {"Records": [record(item, number) for number, item in enumerate(items)]}


def failed(answer: Answer) -> list[str]:
    assert answer.keys() == {"batchItemFailures"}
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def sent(events: Service) -> list[str]:
    """The boxes that were offered to the bus, in order."""
    entries = [entry for request in events.requests("put_events") for entry in request["Entries"]]
    return [json.loads(entry["Detail"])["data"]["box"] for entry in entries]


def ids(events: Service) -> list[str]:
    entries = [entry for request in events.requests("put_events") for entry in request["Entries"]]
    return [json.loads(entry["Detail"])["metadata"]["id"] for entry in entries]


def left(store: Store) -> list[str]:
    return sorted(event["detail"]["data"]["box"] for row in unsent(store, THINGS) for event in row["events"])


def refuse(*boxes: str) -> Callable[..., Any]:
    """A bus that never takes these."""

    def put_events(**request: Any) -> dict[str, Any]:
        asked = [json.loads(entry["Detail"])["data"]["box"] for entry in request["Entries"]]
        entries = [{"ErrorCode": "InternalFailure"} if box in boxes else {"EventId": "x"} for box in asked]
        return {"FailedEntryCount": sum("ErrorCode" in each for each in entries), "Entries": entries}

    return put_events


def test_new_rows_are_sent_and_gone(handle: Handler, events: Service, store: Store) -> None:
    rows = stored(store, "a", "bc", "d")
    assert failed(handle(records(rows), CONTEXT)) == []
    assert sent(events) == ["a", "b", "c", "d"]
    assert ids(events) == [event["id"] for row in rows for event in row["events"]]
    assert left(store) == []


def test_what_the_bus_refuses_at_first_is_offered_again(handle: Handler, events: Service, store: Store) -> None:
    answers = iter([refuse("b"), refuse("b"), taken])
    events.answers["put_events"] = lambda **request: next(answers)(**request)
    assert failed(handle(records(stored(store, "a", "b", "c")), CONTEXT)) == []
    assert sent(events) == ["a", "b", "c", "b", "b"]
    assert left(store) == []


def test_a_partial_rejection_is_told_by_its_records(
    handle: Handler, events: Service, store: Store, log: io.StringIO
) -> None:
    events.answers["put_events"] = refuse("b")
    rows = stored(store, "a", "b", "c", "bd", "d")
    assert failed(handle(records(rows), CONTEXT)) == ["101", "103", "104"], "what is behind it waits, the rest does not"
    assert left(store) == ["b", "b", "d", "d"]
    assert [json.loads(line)["row"] for line in log.getvalue().splitlines() if "row not sent" in line] == [
        rows[at]["PK"] for at in (1, 3, 4)
    ]


def test_a_bus_that_cannot_be_reached_keeps_all_rows(handle: Handler, events: Service, store: Store) -> None:
    def raises(**_: Any) -> None:
        raise refusal("InternalFailure", "PutEvents")

    events.answers["put_events"] = raises
    rows = stored(store, "a", "b")
    assert failed(handle(records(rows), CONTEXT)) == ["100", "101"]
    assert left(store) == ["a", "b"]
    events.answers["put_events"] = taken
    assert failed(handle(records(rows), CONTEXT)) == []
    assert left(store) == []


class Crash(BaseException):
    """The environment ends here."""


class DiesBeforeDelete(Wrapped):
    def transact_each(self, transactions: Any) -> list[StoreError | None]:
        raise Crash


def test_a_crash_between_publish_and_delete_sends_the_same_events_again(
    events: Service, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = records(stored(store, "a", "b"))
    with monkeypatch.context() as crashing:
        crashing.setattr("cartwheel.aws.relay.open_store", lambda deployment: DiesBeforeDelete(store))
        with pytest.raises(Crash):
            make(DEPLOYMENT)(batch, CONTEXT)
    assert left(store) == ["a", "b"]
    assert failed(make(DEPLOYMENT)(batch, CONTEXT)) == []
    assert sent(events) == ["a", "b", "a", "b"]
    assert ids(events)[:2] == ids(events)[2:], "by which their consumers know them"
    assert left(store) == []


def test_a_record_that_comes_again_after_its_row_is_gone_does_no_harm(
    handle: Handler, events: Service, store: Store
) -> None:
    batch = records(stored(store, "a"))
    assert [failed(handle(batch, CONTEXT)) for _ in range(2)] == [[], []]
    assert len(set(ids(events))) == 1


@pytest.mark.parametrize("image", [None, "text", [5], [{"id": "x"}]], ids=repr)
def test_a_poison_row_fails_alone(handle: Handler, events: Service, store: Store, image: Any) -> None:
    poison = {**outbox_row(THINGS, [envelope(Packed(box="x"))]).item, "events": image}
    first, second = stored(store, "a", "b")
    assert failed(handle(records([first, poison, second]), CONTEXT)) == ["101"]
    assert sent(events) == ["a", "b"]
    assert left(store) == []


@pytest.mark.parametrize(
    "change", [{"NewImage": {"PK": {"X": 1}}}, {"NewImage": None}, {"Keys": {}}, {"NewImage": {"PK": {}}}], ids=repr
)
def test_a_poison_record_fails_alone(
    handle: Handler, events: Service, store: Store, change: dict[str, Any], log: io.StringIO
) -> None:
    batch = records(stored(store, "a", "b", "c"))
    batch["Records"][1]["dynamodb"] |= change
    assert failed(handle(batch, CONTEXT)) == ["101"]
    assert sent(events) == ["a", "c"]
    assert log.getvalue()


def test_only_new_rows_of_the_outbox_count(handle: Handler, events: Service, store: Store) -> None:
    (row,) = stored(store, "a")
    others = [record(row, 0, "REMOVE"), record(row, 1, "MODIFY"), record(put("box").item, 2)]
    assert failed(handle({"Records": others}, CONTEXT)) == []
    assert events.asked == []
    assert left(store) == ["a"]


def age(store: Store, *boxes: str, seconds: float) -> list[Item]:
    """Rows that were stored so long ago."""
    moment = now() - timedelta(seconds=seconds)
    rows = []
    for box in boxes:
        item = outbox_row(THINGS, [envelope(Packed(box=box))]).item
        made = f"{int(moment.timestamp() * 1000):012x}"
        old = f"{made[:8]}-{made[8:]}{item['outboxId'][13:]}"
        rows.append({**item, "PK": f"OUTBOX#{old}", "SK": f"OUTBOX#{old}", "outboxId": old})
        moment += timedelta(milliseconds=1)
    store.transact([Put(THINGS, row) for row in rows])
    return rows


SCHEDULED = {"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": {}}


def test_lesson_outbox_without_a_sweeper(handle: Handler, events: Service, store: Store) -> None:
    """What the stream gave up, or never told of, is sent in the order it was stored; what is fresh is the stream's."""
    stored(store, "z")
    age(store, "g", "h", seconds=59)
    age(store, "d", "e", "f", seconds=61)
    age(store, "a", "b", "c", seconds=86400)
    assert handle(SCHEDULED, CONTEXT) == {"sent": 6}
    assert sent(events) == ["a", "b", "c", "d", "e", "f"]
    assert left(store) == ["g", "h", "z"]


def test_nothing_to_sweep_is_fine(handle: Handler, events: Service) -> None:
    assert handle(SCHEDULED, CONTEXT) == {"sent": 0}
    assert events.asked == []


def test_a_sweep_is_bounded(handle: Handler, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "SWEPT", 2)
    age(store, "a", "b", "c", seconds=100)
    assert [handle(SCHEDULED, CONTEXT)["sent"] for _ in range(3)] == [2, 1, 0]


def test_what_the_sweeper_cannot_send_is_noticed(handle: Handler, events: Service, store: Store) -> None:
    """The invocation fails, so that the alarm on errors rings; the others are sent all the same."""
    age(store, "a", "b", seconds=100)
    events.answers["put_events"] = refuse("a")
    with pytest.raises(Unsent, match="1 of 2 rows"):
        handle(SCHEDULED, CONTEXT)
    assert left(store) == ["a"]


def test_the_sweeper_meets_a_row_that_the_stream_is_just_sending(
    handle: Handler, events: Service, store: Store
) -> None:
    """Both send it, both delete it; it is one event to its consumers."""
    (row,) = age(store, "a", seconds=100)
    answers: list[Answer] = []

    def meanwhile(**request: Any) -> dict[str, Any]:
        events.answers["put_events"] = taken
        answers.append(handle(SCHEDULED, CONTEXT))
        return taken(**request)

    events.answers["put_events"] = meanwhile
    assert failed(handle(records([row]), CONTEXT)) == []
    assert answers == [{"sent": 1}]
    assert len(ids(events)) == 2 > len(set(ids(events)))
    assert left(store) == []


def test_a_delete_is_a_write_of_its_own_for_each_row(
    events: Service, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unconditional and alone it costs half, and one that fails spares the others."""
    asked: list[Any] = []

    class Watched(Wrapped):
        def transact_each(self, transactions: Any) -> list[StoreError | None]:
            asked.extend(transactions)
            return super().transact_each(transactions)

    monkeypatch.setattr("cartwheel.aws.relay.open_store", lambda deployment: Watched(store))
    make(DEPLOYMENT)(records(stored(store, "a", "b")), CONTEXT)
    assert [len(writes) for writes in asked] == [1, 1]
    assert all(write.action == "delete" and write.condition is None for (write,) in asked)
