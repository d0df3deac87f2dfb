"""Replay: events are handled once more, by the very handlers that handled them, but into a copy of their projection.

    event ─► handler ─► its writes ─► the copy          and nothing else: what it emits is never sent

What a handler reads is the copy, and the time is the event's. What is no part of the projection it cannot reach.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NoReturn

from .changes import after
from .clock import replaying
from .consumer import describe
from .envelope import Envelope
from .errors import Busy
from .projection import Copy
from .store import (
    EXPIRES,
    MAX_TRANSACTION_ITEMS,
    Check,
    ConditionFailed,
    Item,
    Key,
    Page,
    Query,
    Scan,
    Store,
    StoreError,
    Write,
)
from .unit_of_work import ATTEMPTS, UnitOfWork

MOST: Final = MAX_TRANSACTION_ITEMS - 1  # one is the copy's own step


class NotOfProjection(StoreError):
    """A handler wanted something that is no part of its projection, so it is no projection."""


@dataclass
class Replayed:
    """What became of events; `failed` says why, by id, of those whose handler failed."""

    applied: int = 0
    known: int = 0
    failed: dict[str, str] = field(default_factory=dict)


class Rehearsed:
    """The copy as a handler sees it: in the place of the live items, with all that earlier events have changed."""

    def __init__(self, store: Store, copy: Copy) -> None:
        self._store = store
        self._copy = copy
        self._items: dict[Key, Item | None] = {}

    def get(self, table: str, key: Key) -> Item | None:
        item = self.item(table, key)
        return item if item is None or item.get(EXPIRES, time.time() + 1) > time.time() else None

    def item(self, table: str, key: Key) -> Item | None:
        """Expired or not."""
        if table != self._copy.projected.table or not self._copy.projected.covers(key):
            self._refuse(f"{key.pk!r} of the table {table}")
        if key not in self._items:
            kept = self._copy.kept(self._store, key)
            self._items[key] = kept["item"] if kept else None
        return self._items[key]

    def after(self, writes: Sequence[Write]) -> dict[Key, Item | None]:
        """What the writes would make of items. Raises StoreError as a store would that refuses them."""
        items = [self.item(write.table, write.key) for write in writes]
        failed = [
            position
            for position, (write, item) in enumerate(zip(writes, items, strict=True))
            if write.condition and not write.condition.holds(item)
        ]
        if failed:
            raise ConditionFailed(failed)
        return {
            write.key: after(item, write)
            for write, item in zip(writes, items, strict=True)
            if not isinstance(write, Check)
        }

    def become(self, items: dict[Key, Item | None]) -> None:
        self._items |= items

    def query(self, query: Query) -> Page:
        self._refuse(f"the list {query.pk!r}")

    def scan(self, scan: Scan) -> Page:
        self._refuse("the whole table")

    def transact(self, writes: Sequence[Write]) -> None:
        self._refuse("a transaction of its own")

    def transact_each(self, transactions: Sequence[Sequence[Write]]) -> list[StoreError | None]:
        self._refuse("transactions of its own")

    def _refuse(self, wanted: str) -> NoReturn:
        projected = self._copy.projected
        raise NotOfProjection(
            f"the handler wants {wanted}, but the projection {projected.name} is items by key that begin with "
            + " or ".join(projected.prefixes)
        )


def replay(store: Store, copy: Copy, envelopes: Sequence[Envelope]) -> Replayed:
    """Apply the events to the copy, in their order, each once however often it comes. Durable on return.

    Raises NotFound when the copy has ended meanwhile, Busy when others apply to it all the time.
    """
    waiting = {envelope.id: envelope for envelope in envelopes}
    done = Replayed(known=len(envelopes) - len(waiting))
    for attempt in range(ATTEMPTS):
        try:
            _Run(store, copy, waiting, done).apply()
            return done
        except ConditionFailed:
            time.sleep(random.uniform(0, 0.002 * 2**attempt))
        copy = Copy.find(store, copy.projected, copy.copy_id)
        for event_id in [each for each in waiting if copy.knows(store, each)]:
            del waiting[event_id]
            done.known += 1
    raise Busy("Others apply events to this copy; try again.")


class _Run:
    """One go at the events that wait, on fresh reads; what it has stored waits no more."""

    def __init__(self, store: Store, copy: Copy, waiting: dict[str, Envelope], done: Replayed) -> None:
        self._store = store
        self._copy = copy
        self._inbox = copy.projected.inbox
        self._waiting = waiting
        self._done = done
        self._view = Rehearsed(store, copy)
        self._events: list[str] = []
        self._changed: set[Key] = set()

    def apply(self) -> None:
        """As many events in a transaction as fit. Raises ConditionFailed where one was known, or others were faster."""
        for envelope in list(self._waiting.values()):
            items = self._rehearse(envelope)
            if items is None:
                continue
            if len(self._events) + 1 + len(self._changed | items.keys()) > MOST:
                self._keep()
            self._view.become(items)
            self._changed |= items.keys()
            self._events.append(envelope.id)
        self._keep()

    def _rehearse(self, envelope: Envelope) -> dict[Key, Item | None] | None:
        """What the event changes; None when its handler failed. Events that it emits go nowhere."""
        unit = UnitOfWork(self._view, self._copy.projected.table, envelope.cause())
        try:
            with replaying(datetime.fromisoformat(envelope.time)):
                self._inbox.handle(envelope, unit)
            return self._view.after(unit.writes)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this event's failure
            del self._waiting[envelope.id]
            if self._copy.knows(self._store, envelope.id):
                self._done.known += 1
            else:
                self._done.failed[envelope.id] = describe(error)
            return None

    def _keep(self) -> None:
        if not self._events:
            return
        copy, step = self._copy.onward()
        marks = [copy.mark(event_id) for event_id in self._events]
        items = [copy.keep(key, self._view.item(copy.projected.table, key)) for key in sorted(self._changed, key=str)]
        self._store.transact([step, *marks, *items])
        self._copy = copy
        self._done.applied += len(self._events)
        for event_id in self._events:
            del self._waiting[event_id]
        self._events, self._changed = [], set()
