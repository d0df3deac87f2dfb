"""Dead letters as operators read them: in groups by cause, in pages, and one whole. On a connection that only reads."""

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from cartwheel.kernel.clock import timestamp

from .letters import SAFE_MS, Selection

MOST_CAUSES: Final = 100

# The letters of a cause are of one queue, so an index alone counts them.
_CAUSES: Final = """
SELECT cause, letters, first, last, example, queue, event_type, reason
FROM (SELECT cause AS name, count(*) AS letters, min(died_at) AS first, max(died_at) AS last, max(id) AS example
      FROM dead_letters GROUP BY cause)
JOIN dead_letters ON id = example WHERE ?1 IS NULL OR queue = ?1 ORDER BY letters DESC, cause
"""
_MOMENTS: Final = frozenset({"sent_at", "first_sent_at", "died_at"})
_SHORT: Final = {
    "id": "id",
    "queue": "queue",
    "cause": "cause",
    "event_type": "type",
    "subject": "subject",
    "order_id": "orderId",
    "correlation_id": "correlationId",
    "error": "error",
    "receives": "receives",
    "redrives": "redrives",
    "first_sent_at": "firstSentAt",
    "sent_at": "sentAt",
    "died_at": "diedAt",
}


def causes(reader: sqlite3.Connection, queue: str | None) -> dict[str, Any]:
    """The causes that most letters died of, each with their number, the first and last time, and an example.

    `letters` and `causes` count all there are, also those beyond the hundred that are listed.
    """
    groups = reader.execute(_CAUSES, (queue,)).fetchall()
    items = [
        {"cause": cause, "letters": number, "queue": of, "type": event_type, "error": reason}
        | {"first": _time(first), "last": _time(last), "example": example}
        for cause, number, first, last, example, of, event_type, reason in groups[:MOST_CAUSES]
    ]
    return {"items": items, "letters": sum(group[1] for group in groups), "causes": len(groups)}


def page(reader: sqlite3.Connection, selection: Selection, after: int, most: int) -> tuple[list[dict[str, Any]], bool]:
    """At most so many of the selected letters behind the id `after`, oldest first, and whether there are more."""
    where, values = selection.where()
    rows = reader.execute(
        f"SELECT {', '.join(_SHORT)} FROM dead_letters WHERE {where} AND id > ? ORDER BY id LIMIT ?",
        (*values, after, most + 1),
    ).fetchall()
    return [_shown(row) for row in rows[:most]], len(rows) > most


def extent(reader: sqlite3.Connection, selection: Selection) -> tuple[int, int]:
    """How many letters are selected, and the highest id among them."""
    where, values = selection.where()
    number, highest = reader.execute(
        f"SELECT count(*), coalesce(max(id), 0) FROM dead_letters WHERE {where}", values
    ).fetchone()
    return number, highest


def whole(reader: sqlite3.Connection, number: int, kept: dict[str, timedelta]) -> dict[str, Any] | None:
    """A letter with its message and its history; `kept` says how long each queue keeps its letters."""
    row = reader.execute(
        f"SELECT {', '.join(_SHORT)}, history, body FROM dead_letters WHERE id = ?", (number,)
    ).fetchone()
    if not row:
        return None
    *facts, history, body = row
    letter = _shown(facts)
    known = dict(zip(_SHORT, facts, strict=True))
    if letter["queue"] in kept:
        letter["keptUntil"] = _time(known["died_at"] + kept[letter["queue"]] // timedelta(milliseconds=1))
    letter["redriveUntil"] = _time(known["first_sent_at"] + SAFE_MS)
    past = [entry | {"at": _time(entry["at"])} for entry in orjson.loads(history or "[]")]
    return {**letter, "function": letter["queue"], "history": past, "body": body}


def _shown(row: Any) -> dict[str, Any]:
    facts = zip(_SHORT.items(), row, strict=True)
    return {shown: _time(value) if name in _MOMENTS else value for (name, shown), value in facts}


def _time(milliseconds: int) -> str:
    return timestamp(datetime.fromtimestamp(milliseconds / 1000, UTC))
