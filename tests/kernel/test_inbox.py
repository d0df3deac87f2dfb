"""However often, late or doubled an event comes, it has its effect once."""

from typing import Any

import pytest

from cartwheel.kernel.conditions import Equals
from cartwheel.kernel.events import Envelope, Unreadable
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.store import Put, Store
from cartwheel.kernel.unit_of_work import UnitOfWork
from tests.contract.adapters import THINGS

from .world import Overtaken, Packed, Sent, box_key, cause, envelope, pack, put, weight


@pytest.fixture
def inbox() -> Inbox:
    inbox = Inbox("packers", THINGS)

    @inbox.on(Packed, "box", "weight")
    def packed(event: Packed, unit: UnitOfWork) -> None:
        pack(unit, event.box, event.weight)

    return inbox


def test_a_second_delivery_changes_nothing(store: Store, inbox: Inbox) -> None:
    event = envelope(Packed(box="a", weight=3))
    assert [inbox.deliver(store, event) for _ in range(3)] == [True, False, False]
    assert weight(store, "a") == 3


def test_another_event_of_the_same_content_counts(store: Store, inbox: Inbox) -> None:
    for _ in range(2):
        assert inbox.deliver(store, envelope(Packed(box="a")))
    assert weight(store, "a") == 2


def test_a_concurrent_twin_has_no_effect(store: Store, inbox: Inbox) -> None:
    event = envelope(Packed(box="a"))
    slow = Overtaken(store, [lambda: _assert(inbox.deliver(store, event))])
    assert inbox.deliver(slow, event) is False
    assert weight(store, "a") == 1


def _assert(fact: bool) -> None:
    assert fact


def test_every_consumer_has_an_inbox_of_its_own(store: Store) -> None:
    event = envelope(Packed(box="a"))
    for consumer in ("packers", "counters"):
        inbox = Inbox(consumer, THINGS)
        inbox.on(Packed, "box")(lambda event, unit: pack(unit, event.box))
        assert inbox.deliver(store, event)
    assert weight(store, "a") == 2


def test_lesson_message_acknowledged_although_the_handler_threw(store: Store) -> None:
    """A handler that fails leaves neither effect nor mark: the next delivery does it all."""
    inbox, fails = Inbox("packers", THINGS), [True, True]

    @inbox.on(Packed, "box")
    def packed(event: Packed, unit: UnitOfWork) -> None:
        pack(unit, event.box)
        unit.emit(Sent(box=event.box))
        if fails and fails.pop():
            raise RuntimeError("not now")

    event = envelope(Packed(box="a"))
    for _ in range(2):
        with pytest.raises(RuntimeError):
            inbox.deliver(store, event)
        assert weight(store, "a") == 0
    assert inbox.deliver(store, event) is True
    assert weight(store, "a") == 1


def test_losing_against_another_writer_means_deciding_again(store: Store) -> None:
    inbox = Inbox("doublers", THINGS)

    @inbox.on(Packed, "box")
    def double(event: Packed, unit: UnitOfWork) -> None:
        before = weight(unit.store, event.box)
        item = {"PK": event.box, "SK": "box", "weight": before * 2}
        unit.write(Put(THINGS, item, Equals("weight", before)))

    store.transact([put("a", weight=3)])
    slow = Overtaken(store, [lambda: store.transact([put("a", weight=5)])])
    assert inbox.deliver(slow, envelope(Packed(box="a"))) is True
    assert weight(store, "a") == 10


def test_an_event_nobody_handles_is_an_error(store: Store, inbox: Inbox) -> None:
    with pytest.raises(ValueError, match="packers has no handler for test Sent"):
        inbox.deliver(store, envelope(Sent(box="a")))


def test_a_type_of_another_source_is_another_type(store: Store, inbox: Inbox) -> None:
    event = envelope(Packed(box="a"))
    with pytest.raises(ValueError, match="no handler"):
        inbox.deliver(store, Envelope(event.id, "elsewhere", event.detail_type, event.time, event.detail))


@pytest.mark.parametrize(
    "change",
    [
        {"id": None},
        {"id": 5},
        {"source": ["test"]},
        {"detail-type": {}},
        {"time": 0},
        {"detail": "text"},
        {"detail": None},
    ],
    ids=str,
)
def test_what_is_no_event_is_a_value_error(change: dict[str, Any]) -> None:
    event = envelope(Packed(box="a")).to_dict() | change
    with pytest.raises(ValueError, match=f"not an event.*{next(iter(change))}"):
        Envelope.parse(event)
    del event[next(iter(change))]
    with pytest.raises(ValueError, match="not an event"):
        Envelope.parse(event)


def test_an_envelope_comes_through_as_it_was() -> None:
    event = envelope(Packed(box="ü", note="\x00"))
    assert Envelope.parse(event.to_dict()) == event
    assert event.cause().causation_id == event.id


def test_the_story_is_carried_on(store: Store) -> None:
    """What a handler emits has the same correlation and the event as its cause."""
    inbox, told = Inbox("packers", THINGS), []

    @inbox.on(Packed, "box")
    def packed(event: Packed, unit: UnitOfWork) -> None:
        unit.emit(Sent(box=event.box))
        told.extend(unit.events)

    first = envelope(Packed(box="a"), cause())
    inbox.deliver(store, first)
    metadata = told[0].detail["metadata"]
    assert metadata["correlationId"] == first.detail["metadata"]["correlationId"]
    assert metadata["causationId"] == first.id


def test_fields_of_a_newer_writer_are_ignored_and_missing_ones_refused(store: Store, inbox: Inbox) -> None:
    event = envelope(Packed(box="a"))
    newer = Envelope(event.id, event.source, event.detail_type, event.time, {"data": {"box": "a", "new": [1]}})
    assert inbox.deliver(store, newer)
    broken = Envelope("other", event.source, event.detail_type, event.time, {"data": {}})
    with pytest.raises(Unreadable, match=r"^test Packed version 1 does not fit its schema in box \(missing\)$"):
        inbox.deliver(store, broken)
    assert store.get(THINGS, box_key("a")) == {"PK": "a", "SK": "box", "weight": 1}
