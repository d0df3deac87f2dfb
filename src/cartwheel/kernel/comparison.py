"""A copy of a projection beside the live one: what differs, and how the live one becomes what the copy is.

pages of the copy's items, each beside its live one ─► changed, missing, extra
pages of the live items, if the copy is whole       ─► extra: no event made them
"""

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .conditions import AllOf, AnyOf, Below, Condition, Equals, Exists, Missing, NotExists, identical
from .projection import Copy
from .store import EXPIRES, Delete, InvalidCursor, Item, Key, Put, Scan, Store, Write

KEY: Final = ("PK", "SK")


@dataclass(frozen=True)
class Pair:
    """A live item and what the events come to; either may not be there. `touched`: the copy has something for it."""

    copy: Copy
    key: Key
    live: Item | None
    rebuilt: Item | None
    touched: bool = True

    @classmethod
    def at(cls, store: Store, copy: Copy, key: Key) -> "Pair":
        kept = copy.kept(store, key)
        return cls(copy, key, store.get(copy.projected.table, key), _alive(kept["item"]) if kept else None, bool(kept))

    @property
    def differs(self) -> bool:
        return not identical(self._told(self.live), self._told(self.rebuilt))

    @property
    def fields(self) -> list[str]:
        """The attributes that differ, where both are there."""
        live, rebuilt = self._told(self.live) or {}, self._told(self.rebuilt) or {}
        if not (live and rebuilt):
            return []
        return sorted(
            name for name in live.keys() | rebuilt.keys() if not identical([live.get(name)], [rebuilt.get(name)])
        )

    @property
    def digests(self) -> tuple[str | None, str | None]:
        """By which the two are recognised later; None where one is not there."""
        return _digest(self._told(self.live)), _digest(self._told(self.rebuilt))

    def write(self) -> Write:
        """Makes the live item what was rebuilt, if it still is as it was read."""
        table = self.copy.projected.table
        if self.rebuilt is None:
            return Delete(table, self.key, self._unchanged({}))
        own = {name: (self.live or {})[name] for name in self.copy.projected.besides & (self.live or {}).keys()}
        item = self.rebuilt | own
        return Put(table, item, self._unchanged(item))

    def _told(self, item: Item | None) -> Item | None:
        """The item as far as events tell it."""
        apart = self.copy.projected.besides
        return item and {name: value for name, value in item.items() if name not in apart}

    def _unchanged(self, becomes: Item) -> Condition:
        if self.live is None:
            return AnyOf((NotExists(), Below(EXPIRES, int(time.time()) + 1)))  # expired, as `get` sees it
        same = [Equals(name, value) for name, value in self.live.items() if name not in KEY]
        return AllOf((Exists(), *same, *(Missing(name) for name in becomes if name not in self.live)))


def page(store: Store, copy: Copy, limit: int, cursor: str | None) -> tuple[list[Pair], str | None]:
    """Pairs to look at, whether they differ or not, and the cursor of what follows them. Raises InvalidCursor."""
    lists = [copy.prefix, *(copy.projected.prefixes if copy.whole else ())]
    number, dot, within = (cursor or "0.").partition(".")
    if not (dot and number.isdecimal() and len(number) < 3 and int(number) < len(lists)):
        raise InvalidCursor("not a cursor of this list")
    place = int(number)
    found = store.scan(Scan(copy.projected.table, lists[place], limit, within or None))
    pairs = list(_of_copy(store, copy, found.items) if place == 0 else _untouched(store, copy, found.items))
    if found.next:
        return pairs, f"{place}.{found.next}"
    return pairs, f"{place + 1}." if place + 1 < len(lists) else None


def _of_copy(store: Store, copy: Copy, kept: Sequence[Item]) -> Iterator[Pair]:
    for each in kept:
        key = copy.original(each)
        yield Pair(copy, key, store.get(copy.projected.table, key), _alive(each["item"]))


def _untouched(store: Store, copy: Copy, live: Sequence[Item]) -> Iterator[Pair]:
    for item in live:
        key = Key(item["PK"], item["SK"])
        if copy.kept(store, key) is None:
            yield Pair(copy, key, item, None, touched=False)


def _alive(item: Item | None) -> Item | None:
    return item if item and item.get(EXPIRES, time.time() + 1) > time.time() else None


def _digest(item: Item | None) -> str | None:
    if item is None:
        return None
    text = json.dumps(item, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
