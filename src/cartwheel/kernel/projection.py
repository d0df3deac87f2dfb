"""Projections: items that one consumer makes of its events and of nothing else, so that they can be made again.

    live      OFFER#tea                 what the shop goes by
    copy      COPY#<id>#OFFER#tea       what the ledger's events come to: the whole item in `item`, None once deleted

A copy is in the same table, and ends by expiry. Its items have none of the attributes of an index, so no list of live
ones shows them.
"""

import importlib
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Self

from .clock import epoch, now
from .conditions import Equals, NotExists
from .errors import NotFound
from .events import Event
from .ids import is_id, new_id
from .store import EXPIRES, Item, Key, Put, Store

if TYPE_CHECKING:
    from .inbox import Inbox

KEPT: Final = timedelta(days=2)


@dataclass(frozen=True)
class Projected:
    """Which items of a slice's table a projection is: those whose PK begins with one of `prefixes`.

    `handler` (`module:attribute`) is that of the consumer, `events` are those that it makes them of. `besides` are
    attributes that are not made of the events alone: how a mail fared, when it was written. They are not compared, and
    a live item keeps its own. The values of `personal` ones are never shown.
    """

    name: str
    table: str
    handler: str
    events: tuple[type[Event], ...]
    prefixes: tuple[str, ...]
    besides: frozenset[str] = frozenset()
    personal: frozenset[str] = frozenset()

    @property
    def inbox(self) -> "Inbox":
        module, _, attribute = self.handler.partition(":")
        inbox: Inbox = getattr(importlib.import_module(module), attribute).inbox
        return inbox

    def covers(self, key: Key) -> bool:
        return key.pk.startswith(self.prefixes)


@dataclass(frozen=True)
class Copy:
    """A fresh copy of a projection. `whole`: every event that there is was or will be applied to it, not only some.

    `step` counts what was stored in it, so that of two who apply events at once the slower one begins again.
    """

    projected: Projected
    copy_id: str
    whole: bool
    expires_at: int
    step: int = 0

    @classmethod
    def fresh(cls, projected: Projected, whole: bool) -> Self:
        return cls(projected, new_id(), whole, epoch(now() + KEPT))

    @classmethod
    def find(cls, store: Store, projected: Projected, copy_id: str) -> Self:
        """Raises NotFound."""
        item = store.get(projected.table, _head(copy_id)) if is_id(copy_id) else None
        if item is None or item["projection"] != projected.name:
            raise NotFound(
                f"There is no such copy of {projected.name}, or no longer; POST /projections/{projected.name}/copies "
                "begins a new one."
            )
        return cls(projected, copy_id, item["whole"], item[EXPIRES], item["step"])

    @property
    def head(self) -> Key:
        return _head(self.copy_id)

    @property
    def prefix(self) -> str:
        """With which the PK of each of its items begins."""
        return f"{self.head.pk}#"

    def onward(self) -> tuple["Copy", Put]:
        """The copy after one more step, and the write that makes it so if nobody else made one meanwhile."""
        following = replace(self, step=self.step + 1)
        return following, following.save()

    def save(self) -> Put:
        item = {"projection": self.projected.name, "whole": self.whole, "step": self.step, EXPIRES: self.expires_at}
        return Put(
            self.projected.table, _at(self.head) | item, Equals("step", self.step - 1) if self.step else NotExists()
        )

    def keep(self, key: Key, item: Item | None) -> Put:
        """Store what has become of an item."""
        kept = {"item": item, EXPIRES: self.expires_at}
        return Put(self.projected.table, _at(Key(self.prefix + key.pk, key.sk)) | kept)

    def mark(self, event_id: str) -> Put:
        """Remember that an event was applied; fails when it was before."""
        return Put(self.projected.table, _at(self._mark(event_id)) | {EXPIRES: self.expires_at}, NotExists())

    def knows(self, store: Store, event_id: str) -> bool:
        return store.get(self.projected.table, self._mark(event_id)) is not None

    def kept(self, store: Store, key: Key) -> Item | None:
        """The copy's own item for a live one: with what that should be, or None for one that no event touched."""
        return store.get(self.projected.table, Key(self.prefix + key.pk, key.sk))

    def original(self, kept: Item) -> Key:
        """The key of the live item that the copy's own one is for."""
        return Key(kept["PK"].removeprefix(self.prefix), kept["SK"])

    def _mark(self, event_id: str) -> Key:
        return Key(f"REPLAYED#{self.copy_id}#{event_id}", "REPLAYED")


def _head(copy_id: str) -> Key:
    return Key(f"COPY#{copy_id}", "COPY")


def _at(key: Key) -> dict[str, Any]:
    return {"PK": key.pk, "SK": key.sk}
