"""Writing items: DynamoDB's rules and limits on top of SQLite.

`prepare` runs where the function runs and does what needs no database: checks, limits, encoding. `ItemWriter` runs
behind the one writing connection: it checks every condition first and only then writes, so that a refused transaction
has changed nothing and no savepoint is needed.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import orjson

from cartwheel.kernel.conditions import Condition
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
from cartwheel.kernel.topology import App

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
        self._insert = {table.name: _insert_statement(table.name, indexed_attributes(table)) for table in app.tables}

    def apply(self, writes: Sequence[Prepared]) -> None:
        """All of them or, raising ConditionFailed or InvalidWrite, none."""
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

    def _stored(self, write: Prepared) -> Item | None:
        found = self._connection.execute(
            f"SELECT item FROM {physical(write.table)} WHERE pk = ? AND sk = ?", (write.pk, write.sk)
        ).fetchone()
        return orjson.loads(found[0]) if found else None

    def _row(self, write: Prepared, item: Item | None) -> tuple[Any, ...] | None:
        if write.change is None:
            return write.row
        changed = {**(item or {"PK": write.pk, "SK": write.sk}), **write.change.set}
        for attribute, amount in write.change.add.items():
            before = changed.get(attribute, 0)
            if type(before) is not int:
                raise InvalidWrite(f"{attribute!r} is not an integer that can be added to")
            changed[attribute] = before + amount
        for attribute in write.change.remove:
            changed.pop(attribute, None)
        return self._preparer.encode(write.table, changed)

    def _execute(self, write: Prepared, row: tuple[Any, ...] | None) -> None:
        if row:
            self._connection.execute(self._insert[write.table], row)
            self._on_put(write.table, write)
        elif write.action == "delete":
            self._connection.execute(
                f"DELETE FROM {physical(write.table)} WHERE pk = ? AND sk = ?", (write.pk, write.sk)
            )


def _insert_statement(table: str, attributes: list[str]) -> str:
    columns = ["pk", "sk", "item", "expires", *(f'"{attribute}"' for attribute in attributes)]
    updates = ", ".join(f"{column} = excluded.{column}" for column in columns[2:])
    return (
        f"INSERT INTO {physical(table)} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}) "
        f"ON CONFLICT (pk, sk) DO UPDATE SET {updates}"
    )
