"""A batch of messages: each succeeds or fails for itself, and the answer names those that failed."""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from cartwheel.kernel import consumer, environment
from cartwheel.kernel.conditions import Equals
from cartwheel.kernel.errors import Busy
from cartwheel.kernel.events import Event
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.store import Put, Store, Update
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.local.store import GuardedStore
from tests.contract.adapters import OTHERS, THINGS
from tests.support.shop import Context

from .world import Overtaken, Packed, Sent, box_key, envelope, pack, put, weight

Answer = dict[str, Any]


@dataclass(frozen=True)
class Station:
    """A consumer's function with its store."""

    store: Store
    inbox: Inbox

    def handle(self, *bodies: str, store: Store | None = None) -> Answer:
        """The answer to a batch; the ids of the messages are their positions."""
        environment.install(environment.Environment("packers", store or self.store, Settings()))
        records = [
            {"messageId": str(at), "body": body, "attributes": {"ApproximateReceiveCount": "1"}}
            for at, body in enumerate(bodies)
        ]
        answer: Answer = consumer.handler(self.inbox)({"Records": records}, Context("packers"))
        return answer


@pytest.fixture
def station(store: Store) -> Station:
    inbox = Inbox("packers", THINGS)

    @inbox.on(Packed, "box", "weight", "note")
    def packed(event: Packed, unit: UnitOfWork) -> None:
        if event.note:
            raise RuntimeError(event.note)
        pack(unit, event.box, event.weight)

    return Station(store, inbox)


def body(event: Event) -> str:
    return json.dumps(envelope(event).to_dict())


def failed(answer: Answer) -> list[str]:
    named = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
    assert named == list(answer["errors"])
    return named


def test_a_batch_that_succeeds_names_nobody(station: Station) -> None:
    assert station.handle(*[body(Packed(box="a")) for _ in range(10)]) == {"batchItemFailures": [], "errors": {}}
    assert weight(station.store, "a") == 10


def test_lesson_one_failure_reruns_the_whole_batch_of_ten(station: Station) -> None:
    """One of ten fails, alone; delivered again as a whole, the nine others change nothing more."""
    batch = [body(Packed(box=str(number), note="broken" if number == 4 else None)) for number in range(10)]
    for _ in range(2):
        answer = station.handle(*batch)
        assert answer["batchItemFailures"] == [{"itemIdentifier": "4"}]
        assert answer["errors"]["4"].startswith("RuntimeError at kernel/test_consumer.py:")
    assert [weight(station.store, str(number)) for number in range(10)] == [1, 1, 1, 1, 0, 1, 1, 1, 1, 1]


def told(detail: Any, detail_type: str = "Packed", event_id: str = "1") -> str:
    event = {"id": event_id, "source": "test", "detail-type": detail_type, "time": "t", "detail": detail}
    return json.dumps(event)


MALFORMED = {
    "empty": "",
    "no json": "hello",
    "half": '{"id": "x"',
    "a list": "[]",
    "a number": "5",
    "null": "null",
    "no fields": "{}",
    "NaN": '{"id": NaN}',
    "deep": "[" * 100_000,
    "half a character": r'{"id": "\ud800"}',
    "wrong types": '{"id": 1, "source": [], "detail-type": {}, "time": null, "detail": "x"}',
    "no data": told({}),
    "wrong data": told({"data": {"box": []}}),
    "an unknown type": told({"data": {}}, "Sunk"),
    "an endless id": told({"data": {"box": "a"}}, event_id="x" * 3000),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_lesson_malformed_messages_dropped(station: Station, name: str) -> None:
    """They fail, alone, and so they end as dead letters with the reason."""
    answer = station.handle(body(Packed(box="a")), MALFORMED[name], body(Packed(box="b")))
    assert failed(answer) == ["1"]
    assert 5 < len(answer["errors"]["1"]) <= 500
    answer["errors"]["1"].encode()
    assert (weight(station.store, "a"), weight(station.store, "b")) == (1, 1)


def test_lesson_message_acknowledged_although_the_handler_threw(station: Station) -> None:
    assert failed(station.handle(body(Packed(box="a", note="broken")))) == ["0"]


def test_the_same_event_twice_in_a_batch_has_one_effect(station: Station) -> None:
    twice = body(Packed(box="a"))
    assert failed(station.handle(twice, twice)) == []
    assert failed(station.handle(twice)) == []
    assert weight(station.store, "a") == 1


@pytest.fixture
def doublers(store: Store) -> Station:
    """A handler that reads, decides and writes on condition that nobody else wrote meanwhile."""
    inbox = Inbox("doublers", THINGS)

    @inbox.on(Packed, "box")
    def double(event: Packed, unit: UnitOfWork) -> None:
        before = weight(unit.store, event.box)
        item = {"PK": event.box, "SK": "box", "weight": before * 2}
        unit.write(Put(THINGS, item, Equals("weight", before)))

    store.transact([put("a", weight=1)])
    return Station(store, inbox)


def test_messages_of_one_batch_about_one_thing_do_not_overwrite_each_other(doublers: Station) -> None:
    assert failed(doublers.handle(*[body(Packed(box="a")) for _ in range(10)])) == []
    assert weight(doublers.store, "a") == 1024


def test_losing_against_another_writer_means_deciding_again(doublers: Station) -> None:
    slow = Overtaken(doublers.store, [lambda: doublers.store.transact([put("a", weight=10)])])
    assert failed(doublers.handle(body(Packed(box="a")), store=slow)) == []
    assert weight(doublers.store, "a") == 20


def test_a_concurrent_twin_has_no_effect(station: Station) -> None:
    event = body(Packed(box="a"))
    slow = Overtaken(station.store, [lambda: _assert(failed(station.handle(event)) == [])])
    assert failed(station.handle(event, store=slow)) == []
    assert weight(station.store, "a") == 1


def _assert(fact: bool) -> None:
    assert fact


def handler_that(act: Callable[[UnitOfWork], None]) -> Callable[[Sent, UnitOfWork], None]:
    return lambda event, unit: act(unit)


def _busy(unit: UnitOfWork) -> None:
    raise Busy("later")


FAULTS: dict[str, Callable[[UnitOfWork], None]] = {
    "refuses": _busy,
    "stores what cannot be stored": lambda unit: unit.write(put("a", weight=1.5)),
    "writes to a key twice": lambda unit: unit.write(put("a"), put("a")),
    "adds to a text": lambda unit: unit.write(Update(THINGS, box_key("text"), add={"text": 1})),
    "writes to another slice's table": lambda unit: unit.write(Put(OTHERS, {"PK": "a", "SK": "a"})),
    "writes without having declared it": lambda unit: unit.write(Update(THINGS, box_key("a"), add={"weight": 1})),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_handler_at_fault_fails_only_its_own_messages(store: Store, name: str) -> None:
    inbox = Inbox("packers", THINGS)
    inbox.on(Sent)(handler_that(FAULTS[name]))
    inbox.on(Packed, "box")(lambda event, unit: unit.write(put(event.box, weight=1)))
    store.transact([put("text", text="text")])
    declared: Sequence[Any] = ["get", "put"] if "declared" in name else ["get", "put", "update"]
    guarded = GuardedStore(store, "packers", THINGS, frozenset(declared))
    batch = [body(Packed(box="x")), body(Sent(box="a")), body(Packed(box="y"))]
    assert failed(Station(guarded, inbox).handle(*batch)) == ["1"]
    assert (weight(store, "x"), weight(store, "a"), weight(store, "y")) == (1, 0, 1)


SECRET = "alice@example.com"


@pytest.mark.parametrize(
    "data",
    [
        {"box": [SECRET]},
        {"box": {"mail": SECRET}},
        {"box": "a", "weight": SECRET},
        {"box": None, "note": SECRET},
        {"weight": 1, "note": SECRET},
    ],
    ids=str,
)
def test_errors_and_logs_of_invalid_data_do_not_quote_it(station: Station, log: io.StringIO, data: Any) -> None:
    event = envelope(Packed(box="a")).to_dict()
    event["detail"]["data"] = data
    answer = station.handle(json.dumps(event))
    assert answer["errors"]["0"].startswith("Unreadable: test Packed version 1 does not fit its schema in ")
    assert SECRET not in answer["errors"]["0"] + log.getvalue()


def test_errors_of_stored_records_do_not_quote_them(store: Store) -> None:
    inbox = Inbox("packers", THINGS)
    inbox.on(Packed)(lambda event, unit: unit.emit(Sent.model_validate({"box": [SECRET]})))
    assert Station(store, inbox).handle(body(Packed(box="a")))["errors"] == {"0": "ValidationError in box"}


@pytest.mark.parametrize("text", [f'{{"mail": "{SECRET}"', f'"{SECRET}"', f'{{"id": ["{SECRET}"]}}'])
def test_errors_and_logs_of_malformed_messages_do_not_quote_them(station: Station, log: io.StringIO, text: str) -> None:
    assert SECRET not in station.handle(text)["errors"]["0"] + log.getvalue()


def test_every_line_belongs_to_its_own_message(station: Station, log: io.StringIO) -> None:
    first, last = envelope(Packed(box="a")), envelope(Packed(box="b", note="broken"))
    station.handle(json.dumps(first.to_dict()), "malformed", json.dumps(last.to_dict()))
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    told = {(line["message"], line.get("messageId"), line["causationId"]) for line in lines}
    assert told == {("handled", None, first.id), ("delivery failed", "1", "1"), ("delivery failed", "2", last.id)}
    assert all(line["function"] == "packers" for line in lines)
