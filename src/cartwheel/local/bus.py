"""The bus in SQLite: rules carry an event to the queues of its consumers; an archive keeps it for years."""

import sqlite3
from collections.abc import Sequence
from typing import Any

import orjson

from cartwheel.kernel.bus import Entry, NotTaken, Rejected
from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.events import MAX_ENTRY_BYTES, Envelope
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.topology import App

from . import archive
from .patterns import RuleSet
from .queues import Queues, now_ms


class SqliteBus:
    """The ports `Bus` and `Entrance`. Behind the one writing connection: an event is on all its queues or on none."""

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
            try:
                self._carry(envelope.to_dict())
            except NotTaken as refused:
                rejected.append(Rejected(position, str(refused)))
        return rejected

    def put(self, entry: Entry) -> str:
        """The `Entrance` port."""
        event_id = new_id()
        self._carry(Envelope(event_id, entry.source, entry.detail_type, timestamp(now()), entry.detail).to_dict())
        return event_id

    def _carry(self, event: dict[str, Any]) -> None:
        """Onto all queues, and into the archive. Raises NotTaken."""
        body = orjson.dumps(event)
        if len(body) > MAX_ENTRY_BYTES:
            raise NotTaken(f"the event has {len(body)} bytes, more than {MAX_ENTRY_BYTES}")
        text = body.decode()
        for queue in {self._targets[rule] for rule in self._rules.matching(event)}:
            self._queues.send(queue, text)
        archive.keep(self._connection, text, now_ms())

    def expire(self) -> None:
        """Pack a piece of what is old in the archive, and forget what is past its time."""
        archive.pack(self._connection, now_ms())
        archive.forget(self._connection, now_ms())
