"""Queues in SQLite: what SQS gives, with the dead letters beside them. Runs behind the one writing connection."""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from cartwheel.kernel.queue import Failure, Message
from cartwheel.kernel.topology import App, Consumer

from . import letters
from .letters import SAFE_MS, TOO_OLD, Step, Stepped

MAX_DELAY_MS = 15 * 60_000
NOT_DELIVERED = "not delivered within the queue's retention"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Queues:
    """Every queue of the app, by the name of its consumer. `depth` counts the messages not yet done."""

    def __init__(self, connection: sqlite3.Connection, app: App) -> None:
        self._connection = connection
        self._consumers: dict[str, Consumer] = {consumer.name: consumer for consumer in app.consumers}
        self.depth: Counter[str] = Counter()
        self._resume()
        self.recount()

    def _resume(self) -> None:
        """At the start nobody is at work: what was under way when the host died is delivered again, at once."""
        moment = now_ms()
        self._connection.execute("UPDATE messages SET visible_at = ? WHERE visible_at > ?", (moment, moment))

    def recount(self) -> None:
        """Take the depths from the database: at the start, and after a group was undone.

        What an earlier version left for a consumer that is no longer in the map waits, but is nobody's work.
        """
        counted = self._connection.execute("SELECT queue, count(*) FROM messages GROUP BY queue").fetchall()
        self.depth = Counter({queue: depth for queue, depth in counted if queue in self._consumers})

    def send(self, queue: str, body: str) -> None:
        moment = now_ms()
        self._connection.execute(
            "INSERT INTO messages (queue, body, sent_at, visible_at) VALUES (?, ?, ?, ?)", (queue, body, moment, moment)
        )
        self.depth[queue] += 1

    def receive(self, queue: str, most: int) -> list[Message]:
        """Up to `most` visible messages, hidden for the visibility timeout; a worn-out one becomes a dead letter."""
        consumer = self._consumers[queue]
        moment = now_ms()
        hidden = moment + int(consumer.visibility.total_seconds() * 1000)
        messages, numbers = list[Message](), list[int]()
        for row in self._connection.execute(
            "SELECT id, body, receives, sent_at, first_sent_at, received_at, error, history FROM messages "
            "WHERE queue = ? AND visible_at <= ? ORDER BY visible_at, id LIMIT ?",
            (queue, moment, most),
        ).fetchall():
            number, body, receives, sent_at, first_sent_at, received_at, error, history = row
            too_old = moment - (first_sent_at or sent_at) >= SAFE_MS
            if too_old or receives >= consumer.max_receives:
                self._bury(number, queue, TOO_OLD if too_old else None)
                continue
            if receives:
                history = letters.with_delivery(history, received_at or moment, error)
                self._connection.execute("UPDATE messages SET history = ? WHERE id = ?", (history, number))
            numbers.append(number)
            messages.append(Message(str(number), body, receives + 1, str(sent_at)))
        self._connection.execute(
            "UPDATE messages SET visible_at = ?, received_at = ?, receives = receives + 1, error = NULL "
            "WHERE id IN (SELECT value FROM json_each(?))",
            (hidden, moment, json.dumps(numbers)),
        )
        return messages

    def settle(self, queue: str, done: Sequence[str], failed: Sequence[Failure]) -> None:
        """Remove what is done. What failed is visible again after a delay, or, the last time, becomes a dead letter."""
        numbers = json.dumps([int(message_id) for message_id in done])
        removed = self._connection.execute(
            "DELETE FROM messages WHERE id IN (SELECT value FROM json_each(?))", (numbers,)
        )
        self.depth[queue] -= removed.rowcount
        for failure in failed:
            self._retry(queue, failure)

    def _retry(self, queue: str, failure: Failure) -> None:
        number = int(failure.id)
        found = self._connection.execute("SELECT receives FROM messages WHERE id = ?", (number,)).fetchone()
        if not found:
            return
        consumer = self._consumers[queue]
        delay = min(int(consumer.retry_delay.total_seconds() * 1000) * 2 ** (found[0] - 1), MAX_DELAY_MS)
        self._connection.execute(
            "UPDATE messages SET visible_at = ?, error = ? WHERE id = ?", (now_ms() + delay, failure.error, number)
        )
        if found[0] >= consumer.max_receives:
            self._bury(number, queue)

    def _bury(self, number: int, queue: str, verdict: str | None = None) -> None:
        letters.bury(self._connection, number, now_ms(), verdict)
        self.depth[queue] -= 1

    def redrive(self, step: Step) -> Stepped:
        """Send some dead letters back to their queues.

        Consumers remember what they have done, so a letter that had its effect after all changes nothing; one that is
        too old for that is refused.
        """
        stepped = letters.redrive(self._connection, step, now_ms(), self._consumers)
        self.depth.update(each.queue for each in stepped.sent)
        return stepped

    def visible(self) -> set[str]:
        """The queues that have a message to deliver now."""
        return {
            queue
            for queue, depth in self.depth.items()
            if depth > 0
            and self._connection.execute(
                "SELECT 1 FROM messages WHERE queue = ? AND visible_at <= ? LIMIT 1", (queue, now_ms())
            ).fetchone()
        }

    def expire(self) -> None:
        """Retention: an undelivered message too old becomes a dead letter, an old dead letter is dropped."""
        moment = now_ms()
        for consumer in self._consumers.values():
            kept = int(consumer.retention.total_seconds() * 1000)
            old = "SELECT id FROM messages WHERE queue = ? AND sent_at < ?"
            for (number,) in self._connection.execute(old, (consumer.name, moment - kept)).fetchall():
                self._bury(number, consumer.name, NOT_DELIVERED)
            dropped = moment - int(consumer.dead_letter_retention.total_seconds() * 1000)
            self._connection.execute(
                "DELETE FROM dead_letters WHERE queue = ? AND died_at < ?", (consumer.name, dropped)
            )


def statistics(connection: sqlite3.Connection, app: App) -> list[dict[str, Any]]:
    """Per queue: messages waiting, hidden and dead, and the age of the oldest in seconds."""
    moment = now_ms()
    figures = []
    for consumer in app.consumers:
        waiting, hidden, oldest = connection.execute(
            "SELECT count(*) FILTER (WHERE visible_at <= ?1), count(*) FILTER (WHERE visible_at > ?1), min(sent_at) "
            "FROM messages WHERE queue = ?2",
            (moment, consumer.name),
        ).fetchone()
        (dead,) = connection.execute("SELECT count(*) FROM dead_letters WHERE queue = ?", (consumer.name,)).fetchone()
        age = round((moment - oldest) / 1000, 1) if oldest else 0
        figures.append(
            {"queue": consumer.name, "waiting": waiting, "hidden": hidden, "dead": dead, "oldestSeconds": age}
        )
    return figures
