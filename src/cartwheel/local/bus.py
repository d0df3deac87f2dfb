"""The bus in SQLite: rules carry an event to the queues of its consumers; an archive keeps it for a while."""

import sqlite3
from collections.abc import Sequence

import orjson

from cartwheel.kernel.bus import Rejected
from cartwheel.kernel.events import MAX_ENTRY_BYTES, Envelope
from cartwheel.kernel.topology import App

from .patterns import RuleSet
from .queues import Queues, now_ms

ARCHIVE_MS = 14 * 86_400_000


class SqliteBus:
    """The `Bus` port. Runs behind the one writing connection: an event is on all its queues or on none."""

    def __init__(self, connection: sqlite3.Connection, app: App, queues: Queues) -> None:
        self._connection = connection
        self._queues = queues
        self._rules = RuleSet()
        self._targets: dict[str, str] = {}
        for consumer in app.consumers:
            for number, pattern in enumerate(consumer.subscriptions):
                rule = f"{consumer.name}-{number}"
                self._rules.add(rule, pattern)
                self._targets[rule] = consumer.name

    def publish(self, entries: Sequence[Envelope]) -> list[Rejected]:
        rejected = []
        for position, envelope in enumerate(entries):
            event = envelope.to_dict()
            body = orjson.dumps(event)
            if len(body) > MAX_ENTRY_BYTES:
                rejected.append(Rejected(position, f"the event has {len(body)} bytes, more than {MAX_ENTRY_BYTES}"))
                continue
            text = body.decode()
            for queue in {self._targets[rule] for rule in self._rules.matching(event)}:
                self._queues.send(queue, text)
            self._connection.execute("INSERT INTO events (published_at, body) VALUES (?, ?)", (now_ms(), text))
        return rejected

    def expire(self) -> None:
        """Forget archived events past their time. Positions grow with time, so the oldest come first."""
        self._connection.execute(
            "DELETE FROM events WHERE position IN (SELECT position FROM events ORDER BY position LIMIT 1000) "
            "AND published_at < ?",
            (now_ms() - ARCHIVE_MS,),
        )
