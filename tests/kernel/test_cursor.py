"""What is taken for a cursor, and what not."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from cartwheel.kernel.cursor import cursor_after, position
from cartwheel.kernel.store import InvalidCursor, Query, Scan

TABLE = Query("things", "p")
INDEX = Query("things", "p", index="by-group")


def made_up(query: Query, *place: Any) -> Query:
    text = json.dumps([query.table, query.index, query.pk, *place])
    return Query(query.table, query.pk, index=query.index, cursor=base64.urlsafe_b64encode(text.encode()).decode())


@pytest.mark.parametrize(("query", "place"), [(TABLE, ["s"]), (TABLE, ["é\x00😀"]), (INDEX, ["r", "p", "s"])], ids=repr)
def test_a_cursor_holds_the_place(query: Query, place: list[str]) -> None:
    cursor = cursor_after(query, place)
    assert position(Query(query.table, query.pk, index=query.index, cursor=cursor)) == place


@pytest.mark.parametrize(
    "query",
    [
        made_up(TABLE),
        made_up(TABLE, 5),
        made_up(TABLE, None),
        made_up(TABLE, "s", "s"),
        made_up(INDEX, "r"),
        made_up(INDEX, "r", "p", ["s"]),
        made_up(INDEX, "r", "p", "s", "s"),
        made_up(TABLE, "\ud800"),
    ],
    ids=repr,
)
def test_a_place_is_as_many_texts_as_its_list_has_keys(query: Query) -> None:
    with pytest.raises(InvalidCursor):
        position(query)


def test_a_scan_takes_a_cursor_of_its_own_only() -> None:
    """Neither that of another prefix, nor of a partition of the prefix's name, nor of an index named `scan`."""
    cursor = cursor_after(Scan("things", "p"), ["p1", "s"])
    assert position(Scan("things", "p", cursor=cursor)) == ["p1", "s"]
    index = Query("things", "p", index="scan")
    others = [cursor_after(listed, ["s"]) for listed in (TABLE, index)]
    others += [cursor_after(index, ["r", "p", "s"]), cursor_after(Scan("things", "q"), ["q1", "s"])]
    for other in others:
        with pytest.raises(InvalidCursor):
            position(Scan("things", "p", cursor=other))
    for query in (TABLE, index):
        with pytest.raises(InvalidCursor):
            position(replace(query, cursor=cursor))
