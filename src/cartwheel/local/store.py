"""The `Store` port on SQLite: reads on a connection of its own, writes through whoever owns the writing one."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from cartwheel.kernel.cursor import cursor_after, position
from cartwheel.kernel.limits import check_page, check_query
from cartwheel.kernel.store import (
    AccessDenied,
    InvalidWrite,
    Item,
    Key,
    Page,
    Query,
    Scan,
    Store,
    StoreError,
    Write,
)
from cartwheel.kernel.topology import App
from cartwheel.kernel.vault import TABLE as VAULT
from cartwheel.kernel.vault import granted

from .database import physical
from .items import Prepared, Preparer

# Hands prepared transactions to the writer and returns, when they are durable, which were refused and why.
Commit = Callable[[list[list[Prepared]]], list[StoreError | None]]


class SqliteStore:
    """See `Commit` for how it writes."""

    def __init__(self, app: App, reader: sqlite3.Connection, commit: Commit) -> None:
        self._reader = reader
        self._commit = commit
        self._preparer = Preparer(app)
        self._indexes = {(table.name, index.name): index for table in app.tables for index in table.all_indexes}

    def get(self, table: str, key: Key) -> Item | None:
        found = self._reader.execute(
            f"SELECT item FROM {physical(table)} WHERE pk = ? AND sk = ? AND (expires IS NULL OR expires > ?)",
            (key.pk, key.sk, int(time.time())),
        ).fetchone()
        return orjson.loads(found[0]) if found else None

    def query(self, query: Query) -> Page:
        check_query(query)
        partition, order = self._columns(query)
        where, values = self._where(query, partition, order)
        direction = "ASC" if query.forward else "DESC"
        rows = self._reader.execute(
            f"SELECT item, {', '.join(order)} FROM {physical(query.table)} WHERE {where} "
            f"ORDER BY {', '.join(f'{column} {direction}' for column in order)} LIMIT ?",
            (*values, query.limit + 1),
        ).fetchall()
        more = len(rows) > query.limit
        rows = rows[: query.limit]
        return Page([orjson.loads(row[0]) for row in rows], cursor_after(query, rows[-1][1:]) if more else None)

    def scan(self, scan: Scan) -> Page:
        check_page(scan)
        clauses = ["(expires IS NULL OR expires > ?)"]
        values: list[Any] = [int(time.time())]
        for operator, bound in _beginning(scan.prefix):
            clauses.append(f"{'+' if scan.cursor and operator == '>=' else ''}pk {operator} ?")
            values.append(bound)
        if scan.cursor:
            clauses.append("(pk, sk) > (?, ?)")
            values += position(scan)
        rows = self._reader.execute(
            f"SELECT item, pk, sk FROM {physical(scan.table)} WHERE {' AND '.join(clauses)} ORDER BY pk, sk LIMIT ?",
            (*values, scan.limit + 1),
        ).fetchall()
        more = len(rows) > scan.limit
        rows = rows[: scan.limit]
        return Page([orjson.loads(row[0]) for row in rows], cursor_after(scan, rows[-1][1:]) if more else None)

    def transact(self, writes: Sequence[Write]) -> None:
        (refused,) = self.transact_each([writes])
        if refused:
            raise refused

    def transact_each(self, transactions: Sequence[Sequence[Write]]) -> list[StoreError | None]:
        outcome: list[StoreError | None] = []
        prepared: list[list[Prepared]] = []
        for writes in transactions:
            try:
                prepared.append(self._preparer.prepare(writes))
                outcome.append(None)
            except InvalidWrite as invalid:
                outcome.append(invalid)
        results = iter(self._commit(prepared) if prepared else ())
        return [refused or next(results) for refused in outcome]

    def _columns(self, query: Query) -> tuple[str, list[str]]:
        if query.index is None:
            return "pk", ["sk"]
        index = self._indexes[query.table, query.index]
        return f'"{index.partition}"', [f'"{index.sort}"', "pk", "sk"]

    def _where(self, query: Query, partition: str, order: list[str]) -> tuple[str, list[Any]]:
        clauses = [f"{partition} = ?", "(expires IS NULL OR expires > ?)"]
        values: list[Any] = [query.pk, int(time.time())]
        if query.index:
            clauses.append(f"+{order[0]} IS NOT NULL")  # an item needs both attributes to be in an index
        onward = ">" if query.forward else "<"
        for operator, bound in _bounds(query):
            # `+`: SQLite shall seek to the cursor and not to this bound, so that the last page is as near as the first.
            plus = "+" if query.cursor and operator.startswith(onward) else ""
            clauses.append(f"{plus}{order[0]} {operator} ?")
            values.append(bound)
        if query.cursor:
            clauses.append(f"({', '.join(order)}) {onward} ({', '.join('?' * len(order))})")
            values += position(query)
        return " AND ".join(clauses), values


def _bounds(query: Query) -> list[tuple[str, str]]:
    """What the query demands of the sort key."""
    if query.between:
        return [(">=", query.between[0]), ("<=", query.between[1])]
    return _beginning(query.prefix or "")


def _beginning(prefix: str) -> list[tuple[str, str]]:
    """What a text that begins with the prefix must be; nothing, when it is empty."""
    end = _behind(prefix)
    return [*([(">=", prefix)] if prefix else []), *([("<", end)] if end else [])]


def _behind(prefix: str) -> str:
    """The first text behind all that begin with the prefix; empty when there is none."""
    stem = prefix.rstrip("\U0010ffff")
    if not stem:
        return ""
    following = ord(stem[-1]) + 1
    return stem[:-1] + chr(0xE000 if following == 0xD800 else following)  # surrogates are no characters


@dataclass(frozen=True)
class GuardedStore:
    """A store as a function may use it: what the map does not declare is refused, as its role would on AWS."""

    store: Store
    function: str
    table: str
    allowed: frozenset[str]

    def get(self, table: str, key: Key) -> Item | None:
        self._check(table, "get")
        return self.store.get(table, key)

    def query(self, query: Query) -> Page:
        self._check(query.table, query.action)
        return self.store.query(query)

    def scan(self, scan: Scan) -> Page:
        self._check(scan.table, scan.action)
        return self.store.scan(scan)

    def transact(self, writes: Sequence[Write]) -> None:
        (refused,) = self.transact_each([writes])
        if refused:
            raise refused

    def transact_each(self, transactions: Sequence[Sequence[Write]]) -> list[StoreError | None]:
        denied = [self._denied(writes) for writes in transactions]
        results = iter(
            self.store.transact_each([writes for writes, why in zip(transactions, denied, strict=True) if not why])
        )
        return [why or next(results) for why in denied]

    def _denied(self, writes: Sequence[Write]) -> AccessDenied | None:
        try:
            for write in writes:
                self._check(write.table, write.action)
        except AccessDenied as denied:
            return denied
        return None

    def _check(self, table: str, action: str) -> None:
        if action not in self._granted(table):
            raise AccessDenied(f"{self.function} has not declared {action!r} on table {table!r} in the map")

    def _granted(self, table: str) -> frozenset[str]:
        if table == VAULT:
            return granted(self.allowed)
        return self.allowed if table == self.table else frozenset()
