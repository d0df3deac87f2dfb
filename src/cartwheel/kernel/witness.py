"""No act of staff without its trace: the runner of commands lets a witness watch what the use case reads and writes.

    request of staff ── work(unit) ──┬── items
                                     └── StaffActed ── one outbox row with all other events of the transaction

So no handler can forget it, and there is no act without its event, nor an event without its act. It tells of each item
the attributes that differ: as they were read in this transaction, and as they are stored by it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from . import changes
from .conditions import NotExists
from .staff import WITHHELD, Act, Attributes, Change, shown
from .store import Check, Item, Key, Page, Put, Query, Scan, Store, StoreError, Update, Write
from .unit_of_work import UnitOfWork
from .vault import TABLE as VAULT

KEYS: Final = frozenset({"PK", "SK"})
ABSENT: Final = object()

Result = TypeVar("Result")


def witnessed(act: Act, work: Callable[[UnitOfWork], Result]) -> Callable[[UnitOfWork], Result]:
    """The same work, which tells in its own transaction who did it and what it changed."""

    def watched(unit: UnitOfWork) -> Result:
        unit.store = witness = Witness(unit.store)
        result = work(unit)
        unit.emit(act.told(witness.changes(unit.writes)))
        return result

    return watched


@dataclass
class Witness:
    """A store that remembers what was read, so that it is known what was there before."""

    store: Store
    seen: dict[tuple[str, Key], Item | None] = field(default_factory=dict)

    def get(self, table: str, key: Key) -> Item | None:
        self.seen[table, key] = item = self.store.get(table, key)
        return item

    def query(self, query: Query) -> Page:
        return self.store.query(query)

    def scan(self, scan: Scan) -> Page:
        return self.store.scan(scan)

    def transact(self, writes: Sequence[Write]) -> None:
        self.store.transact(writes)

    def transact_each(self, transactions: Sequence[Sequence[Write]]) -> list[StoreError | None]:
        return self.store.transact_each(transactions)

    def changes(self, writes: Sequence[Write]) -> list[Change]:
        """Of those that change anything."""
        found = [self._change(write) for write in writes if not isinstance(write, Check)]
        return [change for change in found if change.before != change.after]

    def _change(self, write: Write) -> Change:
        key = write.key
        before, after = (None, WITHHELD) if write.table == VAULT else self._difference(write)
        return Change(
            table=write.table,
            key=key.pk if key.pk == key.sk else f"{key.pk} {key.sk}",
            action=write.action,
            before=shown(before),
            after=shown(after),
        )

    def _difference(self, write: Write) -> tuple[Attributes | None, Attributes | None]:
        before = self._before(write)
        after = _after(write, before)
        was, becomes = _differing(_content(before), _content(after))
        return None if before is None else was, None if after is None else becomes

    def _before(self, write: Write) -> Item | None:
        """What the use case read and, by its write's condition, is still there. What it did not read is looked up."""
        if isinstance(write, Put) and isinstance(write.condition, NotExists):
            return None
        place = write.table, write.key
        return self.seen[place] if place in self.seen else self.get(*place)


def _after(write: Write, before: Item | None) -> Item | None:
    """What the item is by the write. A number that others add to at the same time is told by what is added."""
    if not isinstance(write, Update):
        return changes.after(before, write)
    added = {name: {"added": amount} for name, amount in write.add.items()}
    return changes.updated(before, replace(write, add={})) | added


def _content(item: Item | None) -> Attributes:
    return {name: value for name, value in (item or {}).items() if name not in KEYS}


def _differing(before: Attributes, after: Attributes) -> tuple[Attributes, Attributes]:
    """Of either what is not the same in both; of an object in an attribute only that part, too."""
    was, becomes = Attributes(), Attributes()
    for name in before.keys() | after.keys():
        one, other = before.get(name, ABSENT), after.get(name, ABSENT)
        if isinstance(one, dict) and isinstance(other, dict):
            one, other = (part or ABSENT for part in _differing(one, other))
        elif one == other:
            continue
        was |= {} if one is ABSENT else {name: one}
        becomes |= {} if other is ABSENT else {name: other}
    return was, becomes
