"""Events are carried to the queues of the rules they match, whole and as they are, or are named as not taken."""

import json
from datetime import datetime

import pytest

from cartwheel.kernel.bus import Entry, NotTaken
from cartwheel.kernel.events import MAX_ENTRY_BYTES, Envelope
from cartwheel.kernel.ids import new_id

from .adapters import BusUnderTest


def envelope(detail_type: str, source: str = "test", text: str = "") -> Envelope:
    event_id, time = new_id(), "2026-01-01T00:00:00.000Z"
    detail = {"metadata": {"id": event_id, "time": time, "subject": "s"}, "data": {"text": text}}
    return Envelope(event_id, source, detail_type, time, detail)


def arrived(bus: BusUnderTest, queue: str) -> list[Envelope]:
    return [Envelope.parse(json.loads(body)) for body in bus.arrived(queue)]


def test_an_event_goes_to_every_queue_with_a_rule_for_it(bus: BusUnderTest) -> None:
    red, blue, foreign = envelope("Red", text="ü\x00"), envelope("Blue"), envelope("Red", source="other")
    assert bus.bus.publish([red, blue, foreign]) == []
    assert arrived(bus, "red-things") == [red]
    assert sorted(arrived(bus, "all-things"), key=lambda each: each.detail_type) == [blue, red]


def test_lesson_failed_entry_count_never_read(bus: BusUnderTest) -> None:
    """What is too large is named by its position, and the others are taken."""
    entries = [envelope("Red"), envelope("Red", text="x" * MAX_ENTRY_BYTES), envelope("Blue")]
    (rejected,) = bus.bus.publish(entries)
    assert rejected.position == 1
    assert str(MAX_ENTRY_BYTES) in rejected.reason
    assert {each.id for each in arrived(bus, "all-things")} == {entries[0].id, entries[2].id}


def test_an_event_may_have_256_kilobytes_of_bytes_not_of_letters(bus: BusUnderTest) -> None:
    overhead = len(json.dumps(envelope("Red").to_dict(), separators=(",", ":")))
    fits = envelope("Red", text="x" * (MAX_ENTRY_BYTES - overhead))
    too_large = envelope("Red", text="é" * ((MAX_ENTRY_BYTES - overhead) // 2 + 1))
    assert [rejected.position for rejected in bus.bus.publish([fits, too_large])] == [1]


def test_nothing_to_publish_is_fine(bus: BusUnderTest) -> None:
    assert bus.bus.publish([]) == []


def test_what_is_put_has_the_id_and_the_time_that_the_bus_gave_it(bus: BusUnderTest) -> None:
    event_id = bus.bus.put(Entry("test", "Red", {"text": "ü"}))
    (event,) = arrived(bus, "red-things")
    assert (event.id, event.source, event.detail_type, event.detail) == (event_id, "test", "Red", {"text": "ü"})
    assert datetime.fromisoformat(event.time).tzinfo


def test_what_is_put_twice_are_two_events(bus: BusUnderTest) -> None:
    ids = {bus.bus.put(Entry("test", "Red", {})) for _ in range(2)}
    assert {event.id for event in arrived(bus, "red-things")} == ids
    assert len(ids) == 2


def test_what_is_too_large_to_be_put_is_not_taken(bus: BusUnderTest) -> None:
    with pytest.raises(NotTaken, match=str(MAX_ENTRY_BYTES)):
        bus.bus.put(Entry("test", "Red", {"text": "x" * MAX_ENTRY_BYTES}))
    assert arrived(bus, "all-things") == []
