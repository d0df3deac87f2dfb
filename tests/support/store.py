"""A store that passes everything on; a test overrides what it wants to see or disturb."""

from collections.abc import Sequence

from cartwheel.kernel.store import Item, Key, Page, Query, Scan, Store, StoreError, Write, in_turn


class Wrapped:
    """Every transaction, alone or among several, goes through `transact`."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def get(self, table: str, key: Key) -> Item | None:
        return self.store.get(table, key)

    def query(self, query: Query) -> Page:
        return self.store.query(query)

    def scan(self, scan: Scan) -> Page:
        return self.store.scan(scan)

    def transact(self, writes: Sequence[Write]) -> None:
        self.store.transact(writes)

    def transact_each(self, transactions: Sequence[Sequence[Write]]) -> list[StoreError | None]:
        return in_turn(self.transact, transactions)
