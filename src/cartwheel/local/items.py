"""Writing items: DynamoDB's rules and limits on top of SQLite.

`prepare` runs where the function runs and does what needs no database: checks, limits, encoding. `ItemWriter` runs
behind the one writing connection: it checks every condition first and only then writes, so that a refused transaction
has changed nothing and no savepoint is needed.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import orjson

from cartwheel.kernel.changes import updated
from cartwheel.kernel.conditions import Condition, NotExists
from cartwheel.kernel.limits import (
    check_count,
    check_distinct,
    check_indexed,
    check_item,
    check_size,
    check_sizes,
    check_write,
)
from cartwheel.kernel.store import (
    EXPIRES,
    ConditionFailed,
    InvalidWrite,
    Item,
    Put,
    Update,
    Write,
)
from cartwheel.kernel.topology import App, Table

from .database import indexed_attributes, physical


class Prepared(NamedTuple):  # of all records it is the quickest to pickle
    """A write, ready to be bound: `row` is the encoded new item of a put; `change` is an update's change."""

    action: str
    table: str
    pk: str
    sk: str
    condition: Condition | None
    row: tuple[Any, ...] | None = None
    change: Update | None = None


class Preparer:
    """Turns writes into prepared ones for the tables of an app. Raises InvalidWrite."""

    def __init__(self, app: App) -> None:
        self._attributes = {table.name: indexed_attributes(table) for table in app.tables}

    def prepare(self, writes: Sequence[Write]) -> list[Prepared]:
        check_count(writes)
        prepared = [self._one(write) for write in writes]
        check_distinct([(write.table, write.pk, write.sk) for write in prepared])
        _limit_size([write.row for write in prepared])
        return prepared

    def _one(self, write: Write) -> Prepared:
        check_write(write, self._attributes)
        key = write.key
        row = self.encode(write.table, write.item) if isinstance(write, Put) else None
        change = write if isinstance(write, Update) else None
        return Prepared(write.action, write.table, key.pk, key.sk, write.condition, row, change)

    def encode(self, table: str, item: Item) -> tuple[Any, ...]:
        """The row of an item: keys, JSON, expiry, indexed attributes."""
        check_item(item)
        try:
            text = orjson.dumps(item)
        except TypeError as error:
            raise InvalidWrite(f"the item cannot be stored: {error}") from None
        check_size(len(text))
        check_indexed(item, self._attributes[table])
        indexed = (item.get(attribute) for attribute in self._attributes[table])
        return (item["PK"], item["SK"], text.decode(), item.get(EXPIRES), *indexed)


def _limit_size(rows: Sequence[tuple[Any, ...] | None]) -> None:
    check_sizes(len(row[2].encode()) for row in rows if row)


class ItemWriter:
    """Applies prepared transactions on the writing connection, inside whatever SQLite transaction is open."""

    def __init__(self, connection: sqlite3.Connection, app: App, on_put: Callable[[str, Prepared], None]) -> None:
        """`on_put(table, write)` hears of every stored row: it is how the relay learns of outbox rows."""
        self._connection = connection
        self._preparer = Preparer(app)
        self._on_put = on_put
        columns = {table.name: _columns(table) for table in app.tables}
        self._insert = {table: _insert(table, names) for table, names in columns.items()}
        self._replace = {table: f"{self._insert[table]} {_replace(names)}" for table, names in columns.items()}

    def apply(self, writes: Sequence[Prepared]) -> None:
        """All of them or, raising ConditionFailed or InvalidWrite, none."""
        if len(writes) == 1 and writes[0].row and isinstance(writes[0].condition, NotExists):
            self._add(writes[0], writes[0].row)
            return
        stored = [self._stored(write) if write.condition or write.change else None for write in writes]
        failed = [
            position
            for position, (write, item) in enumerate(zip(writes, stored, strict=True))
            if write.condition and not write.condition.holds(item)
        ]
        if failed:
            raise ConditionFailed(failed)
        rows = [self._row(write, item) for write, item in zip(writes, stored, strict=True)]
        _limit_size(rows)
        for write, row in zip(writes, rows, strict=True):
            self._execute(write, row)

    def _add(self, write: Prepared, row: tuple[Any, ...]) -> None:
        """Like every event that the ledger stores: no need to look first, the key itself refuses a second one."""
        if not self._connection.execute(f"{self._insert[write.table]} DO NOTHING", row).rowcount:
            raise ConditionFailed([0])
        self._on_put(write.table, write)

    def _stored(self, write: Prepared) -> Item | None:
        found = self._connection.execute(
            f"SELECT item FROM {physical(write.table)} WHERE pk = ? AND sk = ?", (write.pk, write.sk)
        ).fetchone()
        return orjson.loads(found[0]) if found else None

    def _row(self, write: Prepared, item: Item | None) -> tuple[Any, ...] | None:
        if write.change is None:
            return write.row
        return self._preparer.encode(write.table, updated(item, write.change))

    def _execute(self, write: Prepared, row: tuple[Any, ...] | None) -> None:
        if row:
            self._connection.execute(self._replace[write.table], row)
            self._on_put(write.table, write)
        elif write.action == "delete":
            self._connection.execute(
                f"DELETE FROM {physical(write.table)} WHERE pk = ? AND sk = ?", (write.pk, write.sk)
            )


def _columns(table: Table) -> list[str]:
    return ["pk", "sk", "item", "expires", *(f'"{attribute}"' for attribute in indexed_attributes(table))]


def _insert(table: str, columns: list[str]) -> str:
    """A statement to be ended by what is done when the key is there."""
    places = ", ".join("?" * len(columns))
    return f"INSERT INTO {physical(table)} ({', '.join(columns)}) VALUES ({places}) ON CONFLICT (pk, sk)"


def _replace(columns: list[str]) -> str:
    return f"DO UPDATE SET {', '.join(f'{column} = excluded.{column}' for column in columns[2:])}"
