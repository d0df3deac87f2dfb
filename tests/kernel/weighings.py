"""An event with a past: its weight was in pounds, then in grams, and now in grams within a record."""

from typing import Any

from cartwheel.kernel.events import Event
from cartwheel.kernel.schema import Record


class Weight(Record):
    grams: int


def _in_grams(data: dict[str, Any]) -> dict[str, Any]:
    data["weight"] = round(data["weight"] * 453.592)
    return data


def _in_a_record(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "weight": {"grams": data["weight"]}}


class Weighed(Event, source="test", subject="box", upcasters=(_in_grams, _in_a_record)):
    """A box was weighed."""

    box: str
    weight: Weight


def detail(version: Any, **data: Any) -> dict[str, Any]:
    """As it was published in that version."""
    return {"metadata": {"version": version}, "data": {"box": "a", **data}}
