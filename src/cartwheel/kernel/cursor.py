"""Cursors: where a page of a list ended, as text for callers. The same on every host.

A cursor is bound to its list: it cannot be used to look into another partition, index or table.
"""

import base64
import json
from collections.abc import Sequence

from .json import parse
from .store import InvalidCursor, Query


def cursor_after(query: Query, position: Sequence[str]) -> str:
    """The cursor for what follows the item at `position`: its sort key; in an index, sort attribute, PK and SK."""
    place = [query.table, query.index, query.pk, *position]
    text = json.dumps(place, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position(query: Query) -> list[str]:
    """Where the page before ended. Raises InvalidCursor."""
    cursor = query.cursor or ""
    try:
        table, index, pk, *place = parse(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError):
        raise InvalidCursor("not a cursor") from None
    texts = all(isinstance(part, str) for part in place)
    if (table, index, pk) != (query.table, query.index, query.pk) or len(place) != (3 if index else 1) or not texts:
        raise InvalidCursor("a cursor of another list")
    return list(place)
