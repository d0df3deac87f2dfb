"""What is published stays true: an event's data may gain fields, never lose or change one without a new version."""

from typing import Any

import pytest
from pydantic import create_model

from cartwheel.kernel.events import Event
from cartwheel.kernel.schema import Record

from .published import agreed, breaks, current


def test_lesson_event_contract_drift() -> None:
    """Removed, renamed or changed types fail here; so does a new one that is not agreed on yet."""
    old, new = agreed(), current()
    assert old.keys() - new.keys() == set(), "a published event is gone"
    assert new.keys() - old.keys() == set(), "run python -m tests.kernel.published"
    assert [problem for event in old for problem in breaks(old[event], new[event], event)] == []


class Line(Record):
    sku: str
    quantity: int


FIELDS: Any = {"order_id": (str, ...), "lines": (list[Line], ...), "note": (str | None, None)}


def ordered(**changes: Any) -> dict[str, Any]:
    """The schema of an event whose fields have changed; a field that is None now is gone."""
    fields = {name: field for name, field in (FIELDS | changes).items() if field}
    of_test = {"source": "test", "subject": "order_id"}
    return create_model("Ordered", __base__=Event, __cls_kwargs__=of_test, **fields).model_json_schema()


def lines(**fields: Any) -> Any:
    return list[create_model("Line", __base__=Record, **fields)], ...  # type: ignore[misc]


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (ordered(order_id=None), "data.orderId is gone"),
        (ordered(order_id=(int, ...)), "data.orderId: type was 'string', is 'integer'"),
        (ordered(order_id=(str, "")), "data.orderId may be missing"),
        (ordered(note=(int | None, None)), "data.note: anyOf"),
        (ordered(lines=(list[str], ...)), "data.lines[]"),
        (ordered(lines=lines(sku=str)), "data.lines[].quantity is gone"),
        (ordered(lines=lines(sku=str, quantity=str)), "data.lines[].quantity: type"),
        (ordered(lines=lines(sku=str, number=int)), "data.lines[].quantity is gone"),
    ],
)
def test_a_breaking_change_is_noticed(schema: dict[str, Any], problem: str) -> None:
    assert any(found.startswith(problem) for found in breaks(ordered(), schema)), breaks(ordered(), schema)


def test_a_new_field_breaks_nobody() -> None:
    assert breaks(ordered(), ordered()) == []
    assert breaks(ordered(), ordered(colour=(str, ...))) == []
    assert breaks(ordered(), ordered(lines=lines(sku=str, quantity=int, price=int))) == []
