"""Everything that happens behind the one writing connection: items, outbox relay, bus and queues, in group commits.

    group 1: transactions of many functions ─► one COMMIT ─► their answers leave
    group 2: … and the outbox rows of group 1 are relayed: bus ─► queues, row deleted

One flush serves a whole group. The relay reads rows only after the commit that stored them, as on AWS.
"""

import math
import sqlite3
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import orjson

from cartwheel.kernel import telemetry
from cartwheel.kernel.ids import minted_at
from cartwheel.kernel.outbox import PREFIX, unsent
from cartwheel.kernel.relay import relay
from cartwheel.kernel.store import Item, StoreError
from cartwheel.kernel.topology import App
from cartwheel.kernel.vault import TABLE as VAULT

from .bus import SqliteBus
from .database import physical
from .items import ItemWriter, Prepared
from .monitoring.figures import Figures
from .queues import Queues
from .store import SqliteStore

RELAYED_PER_GROUP: Final = 64
EXPIRED_PER_RUN: Final = 500
PURGE_PATIENCE: Final = 20  # milliseconds that a purge, and everybody with it, waits for readers
PURGE_AGAIN: Final = 1.0  # seconds until it is tried again


class Engine:
    """Not safe for use by two threads. Every method but `group` must run inside a group."""

    def __init__(self, connection: sqlite3.Connection, app: App) -> None:
        self._connection = connection
        self._app = app
        self._items = ItemWriter(connection, app, self._stored)
        self._fresh: list[tuple[str, Item]] = []
        self._outbox: deque[tuple[str, Item]] = deque()
        self._purge_due = math.inf
        self.store = SqliteStore(app, connection, self.transact_each)
        self.queues = Queues(connection, app)
        self.bus = SqliteBus(connection, app, self.queues)
        self.lags = Figures()
        self.sweep()

    @contextmanager
    def group(self) -> Iterator[None]:
        """A group commit: all that happens inside is durable when it ends, or undone when it raises."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            self._undo()
            raise
        self._outbox.extend(self._fresh)
        self._fresh.clear()

    def _undo(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self.queues.recount()
        self.sweep()

    def transact_each(self, transactions: Sequence[Sequence[Prepared]]) -> list[StoreError | None]:
        """Several transactions in turn: None where one was applied, else why it was refused and changed nothing."""
        return [self._transact(writes) for writes in transactions]

    def _transact(self, writes: Sequence[Prepared]) -> StoreError | None:
        try:
            self._items.apply(writes)
        except StoreError as refused:
            return refused
        return None

    @property
    def backlog(self) -> int:
        """Accepted work that is not done: events to be sent, messages to be handled."""
        return len(self._outbox) + self.queues.depth.total()

    @property
    def has_unsent(self) -> bool:
        return bool(self._outbox)

    def relay(self) -> None:
        """Publish the events of some committed outbox rows, oldest first."""
        rows: dict[str, list[Item]] = {}
        for _ in range(min(RELAYED_PER_GROUP, len(self._outbox))):
            table, row = self._outbox.popleft()
            rows.setdefault(table, []).append(row)
        for table, items in rows.items():
            self.lags.add(1000 * (time.time() - minted_at(items[0]["outboxId"]).timestamp()))
            for key, reason in relay(self.store, self.bus, table, items).failed.items():
                telemetry.warn("not sent, to be swept", table=table, row=key, reason=reason)

    def sweep(self) -> None:
        """Find the outbox rows that were never sent: after a crash, a rejection or an undone group."""
        self._fresh.clear()  # rows of this very group are found as well
        tables = [part.table.name for part in self._app.slices if part.table.outbox]
        self._outbox = deque((table, row) for table in tables for row in unsent(self.store, table))

    def expire(self) -> None:
        """Remove what has passed its time, a bounded piece of it."""
        for table in self._app.tables:
            self._connection.execute(
                f"DELETE FROM {physical(table.name)} WHERE rowid IN (SELECT rowid FROM {physical(table.name)} "
                "WHERE expires IS NOT NULL AND expires < unixepoch() LIMIT ?)",
                (EXPIRED_PER_RUN,),
            )
        self.queues.expire()
        self.bus.expire()

    def purge(self) -> None:
        """When a key was forgotten: take what it was out of the write-ahead log, too. Outside of a group.

        In the database itself, `secure_delete` has overwritten it.
        """
        if time.monotonic() >= self._purge_due:
            (patience,) = self._connection.execute("PRAGMA busy_timeout").fetchone()
            self._connection.execute(f"PRAGMA busy_timeout = {PURGE_PATIENCE}")
            held, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._connection.execute(f"PRAGMA busy_timeout = {patience}")
            self._purge_due = time.monotonic() + PURGE_AGAIN if held else math.inf

    def _stored(self, table: str, write: Prepared) -> None:
        if table == VAULT and write.condition is None:  # a key is made under a condition, and forgotten without
            self._purge_due = 0
        if write.pk.startswith(PREFIX) and write.row:
            self._fresh.append((table, orjson.loads(write.row[2])))
