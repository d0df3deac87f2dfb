"""Cursors: where a page of a list ended, as text for callers. The same on every host.

A cursor is bound to its list: it cannot be used to look into another partition, index or table.
"""

import base64
import json
from collections.abc import Sequence

from .json import parse
from .store import InvalidCursor, Query, Scan


def cursor_after(listed: Query | Scan, position: Sequence[str]) -> str:
    """The cursor for what follows the item at `position`.

    That is its sort key; in an index, sort attribute, PK and SK; in a scan, PK and SK.
    """
    place = [*_list(listed), *position]
    text = json.dumps(place, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position(listed: Query | Scan) -> list[str]:
    """Where the page before ended. Raises InvalidCursor."""
    cursor = listed.cursor or ""
    try:
        table, way, start, *place = parse(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError):
        raise InvalidCursor("not a cursor") from None
    texts = all(isinstance(part, str) for part in place)
    if (table, way, start) != _list(listed) or len(place) != _depth(listed) or not texts:
        raise InvalidCursor("a cursor of another list")
    return list(place)


def _list(listed: Query | Scan) -> tuple[str, str | None, str]:
    """What names the list: its table, the way through it and where that begins."""
    if isinstance(listed, Scan):
        return listed.table, listed.action, listed.prefix
    return listed.table, listed.index, listed.pk


def _depth(listed: Query | Scan) -> int:
    """How many texts say where in the list an item is: no two ways that could have one name have as many."""
    if isinstance(listed, Scan):
        return 2
    return 3 if listed.index else 1
