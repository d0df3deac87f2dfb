"""Dead letters in SQLite, behind the one writing connection: how a message becomes one, and its way back.

messages ── bury ──► dead_letters        each move is one transaction: a message is in exactly one of the two,
    ▲                     │              whenever the process dies
    └────── redrive ──────┘              with its history, and the time it was first sent
"""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, NamedTuple

import orjson

from cartwheel.kernel.inbox import DELIVERABLE
from cartwheel.kernel.letters import told_by
from cartwheel.kernel.staff import Act

from .letter_table import describe

REMEMBERED_ENTRIES: Final = 50  # of a letter's history; the oldest are dropped
NO_ANSWER: Final = "received too often without an answer: the function died or timed out"
TOO_OLD: Final = "first sent so long ago that its consumer may have forgotten whether it was handled"
CONSUMER_GONE: Final = "this version has no consumer of that name"

SAFE_MS: Final = int(DELIVERABLE / timedelta(milliseconds=1))


@dataclass(frozen=True, slots=True)
class Selection:
    """Which dead letters are meant: those to which all that is named applies."""

    queue: str | None = None
    cause: str | None = None
    order_id: str | None = None
    event_type: str | None = None
    ids: tuple[int, ...] | None = None

    def where(self) -> tuple[str, list[Any]]:
        """As SQL, with its values."""
        names = ("queue", "cause", "order_id", "event_type")
        given = [(name, getattr(self, name)) for name in names if getattr(self, name) is not None]
        clauses = [f"{name} = ?" for name, _ in given]
        if self.ids is not None:
            clauses.append(f"id IN ({', '.join('?' * len(self.ids))})")
        return " AND ".join(clauses) or "TRUE", [*(value for _, value in given), *(self.ids or ())]


@dataclass(frozen=True, slots=True)
class Step:
    """A piece of a redrive: at most `most` of the selected letters with `after` < id <= `until`.

    `act` is what the audit is told of it.
    """

    selection: Selection
    after: int
    until: int
    most: int
    by: str
    act: Act | None = None


class Sent(NamedTuple):
    """A letter that went back to its queue, and what it carries."""

    number: int
    queue: str
    order_id: str | None = None
    event_type: str | None = None
    event_id: str | None = None


@dataclass
class Stepped:
    """The letters that went, and those that could not, with the reason.

    `last` is the id that the next step goes on behind; None when none is left.
    """

    sent: list[Sent] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    last: int | None = None


def with_delivery(history: str | None, received_at: int, error: str | None) -> str:
    """The history of a message with one more failed delivery; without an error, nobody answered."""
    return _with(history, {"at": received_at, "error": error or NO_ANSWER})


def _with(history: str | None, entry: dict[str, Any]) -> str:
    entries = [*orjson.loads(history or "[]"), entry]
    return orjson.dumps(entries[-REMEMBERED_ENTRIES:]).decode()


def bury(connection: sqlite3.Connection, number: int, moment: int, verdict: str | None = None) -> None:
    """Make a dead letter of a message: of its last failure, or of what is said instead."""
    receives, received_at, error, history = connection.execute(
        "SELECT receives, received_at, error, history FROM messages WHERE id = ?", (number,)
    ).fetchone()
    if receives:
        history = with_delivery(history, received_at or moment, error)
    if verdict:
        history = _with(history, {"at": moment, "error": verdict})
    connection.execute(
        "INSERT INTO dead_letters "
        "(id, queue, body, sent_at, first_sent_at, died_at, receives, redrives, error, history) "
        "SELECT id, queue, body, sent_at, coalesce(first_sent_at, sent_at), ?, receives, redrives, ?, ? "
        "FROM messages WHERE id = ?",
        (moment, verdict or error or NO_ANSWER, history, number),
    )
    describe(connection, number)
    connection.execute("DELETE FROM messages WHERE id = ?", (number,))


def redrive(connection: sqlite3.Connection, step: Step, moment: int, queues: Collection[str]) -> Stepped:
    """Send some dead letters back to their queues. What cannot go back without danger stays where it is."""
    where, values = step.selection.where()
    letters = connection.execute(
        f"SELECT id, queue, first_sent_at, history, body FROM dead_letters WHERE {where} AND id > ? AND id <= ? "
        "ORDER BY id LIMIT ?",
        (*values, step.after, step.until, step.most),
    ).fetchall()
    done = Stepped(last=letters[-1][0] if len(letters) == step.most else None)
    for number, queue, first_sent_at, history, body in letters:
        if refusal := _refusal(queue in queues, moment - first_sent_at):
            done.refused.append((number, refusal))
            continue
        _send_again(connection, number, moment, _with(history, {"at": moment, "redrivenBy": step.by}))
        told = told_by(body)
        done.sent.append(Sent(number, queue, told.order_id, told.event_type, told.event_id))
    return done


def _refusal(has_consumer: bool, age: int) -> str | None:
    if not has_consumer:
        return CONSUMER_GONE
    return TOO_OLD if age >= SAFE_MS else None


def _send_again(connection: sqlite3.Connection, number: int, moment: int, history: str) -> None:
    """As a new message, so that a late answer to the old one cannot settle it."""
    connection.execute(
        "INSERT INTO messages (queue, body, sent_at, visible_at, first_sent_at, redrives, history) "
        "SELECT queue, body, ?1, ?1, first_sent_at, redrives + 1, ?2 FROM dead_letters WHERE id = ?3",
        (moment, history, number),
    )
    connection.execute("DELETE FROM dead_letters WHERE id = ?", (number,))
