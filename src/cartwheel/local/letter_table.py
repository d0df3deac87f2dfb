"""The columns that messages and dead letters got later: their past, and what letters are found by."""

import sqlite3
from datetime import datetime
from typing import Final

from cartwheel.kernel.letters import cause_of, reason_of, told_by

COLUMNS: Final = {
    "messages": {
        "first_sent_at": "INTEGER",  # only where it was redriven; else it is sent_at
        "received_at": "INTEGER",
        "redrives": "INTEGER NOT NULL DEFAULT 0",
        "history": "TEXT",
    },
    "dead_letters": {
        "first_sent_at": "INTEGER",
        "redrives": "INTEGER NOT NULL DEFAULT 0",
        "history": "TEXT",
        "cause": "TEXT",
        "reason": "TEXT",
        "event_type": "TEXT",
        "subject": "TEXT",
        "order_id": "TEXT",
        "correlation_id": "TEXT",
    },
}

_INDEXES: Final = ("cause, id, died_at", "event_type, id", "order_id, id")


def prepare(connection: sqlite3.Connection) -> None:
    """Bring the tables of an earlier version up to date: columns, what belongs into them, indexes."""
    for table, columns in COLUMNS.items():
        present = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        for name, kind in columns.items():
            if name not in present:
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")
        if "first_sent_at" not in present:
            _fill(connection, table)
    for columns_of_index in _INDEXES:
        name = columns_of_index.partition(",")[0]
        connection.execute(f"CREATE INDEX IF NOT EXISTS dead_letters_{name} ON dead_letters ({columns_of_index})")


def _fill(connection: sqlite3.Connection, table: str) -> None:
    """An earlier version forgot at a redrive when the message was first sent; its event happened before that."""
    for (number,) in connection.execute(f"SELECT id FROM {table}").fetchall():
        body, sent_at = connection.execute(f"SELECT body, sent_at FROM {table} WHERE id = ?", (number,)).fetchone()
        first = min(sent_at, _happened(told_by(body).time, sent_at))
        connection.execute(f"UPDATE {table} SET first_sent_at = ? WHERE id = ?", (first, number))
        if table == "dead_letters":
            describe(connection, number)


def _happened(time: str | None, otherwise: int) -> int:
    try:
        return int(datetime.fromisoformat(time or "").timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        return otherwise


def describe(connection: sqlite3.Connection, number: int) -> None:
    """Write beside a letter what it is found by."""
    queue, body, error = connection.execute(
        "SELECT queue, body, error FROM dead_letters WHERE id = ?", (number,)
    ).fetchone()
    told, reason = told_by(body), reason_of(error or "")
    connection.execute(
        "UPDATE dead_letters SET cause = ?, reason = ?, event_type = ?, subject = ?, order_id = ?, correlation_id = ? "
        "WHERE id = ?",
        (
            cause_of(queue, told.event_type, reason),
            reason,
            told.event_type,
            told.subject,
            told.order_id,
            told.correlation_id,
            number,
        ),
    )
