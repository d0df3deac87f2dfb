"""The archive of the bus in SQLite: every event, in the order of publishing, for as long as a shop's books are kept.

    events    one row for each, the newest fortnight                        position, published_at, body
    archive   what is older, in blocks of a thousand, packed to a tenth     first, last, published_at, events

An event is in exactly one of the two: it goes from a row into a block in one transaction. Positions have no gaps.
"""

import sqlite3
import zlib
from bisect import bisect_left
from collections.abc import Iterator
from datetime import timedelta
from typing import Final, NamedTuple

import orjson

from cartwheel.kernel.bus import ARCHIVED

BLOCK: Final = 1000  # events
UNPACKED_MS: Final = 14 * 86_400_000  # events that are likely to be looked at are at hand
MILLISECOND: Final = timedelta(milliseconds=1)


class Archived(NamedTuple):
    """An event in the archive: its position, when it was published (epoch milliseconds), and its JSON."""

    position: int
    published_at: int
    body: str


def keep(connection: sqlite3.Connection, body: str, moment: int) -> None:
    connection.execute("INSERT INTO events (published_at, body) VALUES (?, ?)", (moment, body))


def pack(connection: sqlite3.Connection, moment: int) -> bool:
    """Put the oldest rows into a block, once all of them are old. The newest row of all stays one."""
    oldest, newest = connection.execute("SELECT min(position), max(position) FROM events").fetchone()
    last = (oldest or 0) + BLOCK - 1
    if oldest is None or last >= newest or _published_at(connection, last) > moment - UNPACKED_MS:
        return False
    events = orjson.dumps([(each.published_at, each.body) for each in read(connection, oldest, last)])
    connection.execute(
        "INSERT INTO archive (first, last, published_at, events) VALUES (?, ?, ?, ?)",
        (oldest, last, _published_at(connection, last), zlib.compress(events)),
    )
    connection.execute("DELETE FROM events WHERE position <= ?", (last,))
    return True


def forget(connection: sqlite3.Connection, moment: int) -> None:
    """Remove the oldest block, when every event in it is past its time."""
    connection.execute(
        "DELETE FROM archive WHERE first = (SELECT min(first) FROM archive) AND published_at < ?",
        (moment - ARCHIVED // MILLISECOND,),
    )


def read(connection: sqlite3.Connection, start: int, end: int) -> Iterator[Archived]:
    """The events of these positions, both included, oldest first."""
    blocks = connection.execute(
        "SELECT first, events FROM archive WHERE last >= ? AND first <= ? ORDER BY first", (start, end)
    )
    for first, packed in blocks:
        for position, (published_at, body) in enumerate(orjson.loads(zlib.decompress(packed)), first):
            if start <= position <= end:
                yield Archived(position, published_at, body)
    rows = connection.execute(
        "SELECT position, published_at, body FROM events WHERE position BETWEEN ? AND ? ORDER BY position", (start, end)
    )
    yield from (Archived(*row) for row in rows)


def positions(connection: sqlite3.Connection) -> tuple[int, int]:
    """Of the oldest and the newest event; (1, 0) when there is none."""
    oldest, newest = connection.execute(
        "SELECT coalesce((SELECT min(first) FROM archive), min(position), 1), coalesce(max(position), 0) FROM events"
    ).fetchone()
    return oldest, newest


def position_at(connection: sqlite3.Connection, moment: int) -> int:
    """Of the first event that was published at that moment (epoch milliseconds) or later; behind the newest if none."""
    block = connection.execute(
        "SELECT first, last FROM archive WHERE published_at >= ? ORDER BY first LIMIT 1", (moment,)
    ).fetchone()
    if block:
        times = [event.published_at for event in read(connection, *block)]
        return int(block[0]) + bisect_left(times, moment)
    oldest, newest = connection.execute(
        "SELECT ifnull(min(position), 1), ifnull(max(position), 0) FROM events"
    ).fetchone()
    rows = range(oldest, newest + 1)
    return int(oldest) + bisect_left(rows, moment, key=lambda position: _published_at(connection, position))


def _published_at(connection: sqlite3.Connection, position: int) -> int:
    """Of an event that is a row still."""
    found = connection.execute("SELECT published_at FROM events WHERE position = ?", (position,)).fetchone()
    return int(found[0])
