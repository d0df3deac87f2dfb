"""Stores that do what is hard to make happen: crash between two transactions, or be overtaken by another writer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cartwheel.kernel.store import Item, Key, Page, Query, Scan, Store, StoreError, Write


class Crash(Exception):
    """The process is gone."""


@dataclass
class Interrupted:
    """Calls `interrupt` before the transaction of this number (from 0), and before no other."""

    store: Store
    at: int
    interrupt: Callable[[], None]
    transactions: int = field(default=0, init=False)

    def get(self, table: str, key: Key) -> Item | None:
        return self.store.get(table, key)

    def query(self, query: Query) -> Page:
        return self.store.query(query)

    def scan(self, scan: Scan) -> Page:
        return self.store.scan(scan)

    def transact(self, writes: Sequence[Write]) -> None:
        self.transactions += 1
        if self.transactions == self.at + 1:
            self.interrupt()
        self.store.transact(writes)

    def transact_each(self, transactions: Sequence[Sequence[Write]]) -> list[StoreError | None]:
        return [self._tried(writes) for writes in transactions]

    def _tried(self, writes: Sequence[Write]) -> StoreError | None:
        try:
            self.transact(writes)
        except StoreError as error:
            return error
        return None


def crash() -> None:
    raise Crash
