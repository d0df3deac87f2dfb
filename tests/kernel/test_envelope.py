"""An event keeps its id and its time, whatever the bus calls it on its way."""

from typing import Any

import pytest

from cartwheel.kernel.envelope import Cause, Envelope

from .world import Packed, cause, envelope

FOREIGN: dict[str, Any] = {
    "version": "0",
    "id": "bus-id",
    "source": "somebody.else",
    "detail-type": "Moved",
    "time": "2026-11-20T19:22:26Z",
    "account": "123456789012",
    "region": "eu-central-1",
    "resources": [],
    "detail": {},
}


def test_what_the_bus_calls_an_event_does_not_count() -> None:
    told = envelope(Packed(box="a"))
    again = told.to_dict() | {"id": "another", "time": "2030-01-01T00:00:00Z", "version": "0", "account": "1"}
    assert Envelope.parse(again) == told
    assert Envelope.parse(again).cause().causation_id == told.id


def test_id_and_time_travel_in_the_metadata() -> None:
    told = envelope(Packed(box="a"), cause())
    metadata = told.detail["metadata"]
    assert (metadata["id"], metadata["time"]) == (told.id, told.time)


@pytest.mark.parametrize(
    "detail", [{}, {"metadata": None}, {"metadata": 5}, {"metadata": {}}, {"metadata": {"id": 5, "time": ""}}], ids=repr
)
def test_a_foreign_event_has_the_id_of_the_bus(detail: dict[str, Any]) -> None:
    parsed = Envelope.parse(FOREIGN | {"detail": detail})
    assert (parsed.id, parsed.time) == ("bus-id", FOREIGN["time"])


def test_a_foreign_event_begins_a_story() -> None:
    assert Envelope.parse(FOREIGN).cause() == Cause("bus-id", "bus-id")


@pytest.mark.parametrize("name", ["id", "source", "detail-type", "time", "detail"])
@pytest.mark.parametrize("value", [None, 5, []], ids=repr)
def test_what_is_no_event_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        Envelope.parse(FOREIGN | {name: value})
