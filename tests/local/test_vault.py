"""A key that was forgotten is nowhere in the data folder: not in a page, nor a free one, nor the write-ahead log."""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cartwheel.kernel import vault
from cartwheel.kernel.events import Cause
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.store import AccessDenied, Delete, Key, Query, Store, Update
from cartwheel.kernel.unit_of_work import run
from cartwheel.local import engine as engine_of_the_host
from cartwheel.local.database import open_for_reading
from cartwheel.local.engine import Engine
from cartwheel.local.store import GuardedStore, SqliteStore
from tests.contract.adapters import MAP, THINGS, commit_with, sqlite_engine

OWNERS = 300


def key_of(store: Store, owner: str) -> bytes:
    item = store.get(vault.TABLE, Key(f"OWNER#{owner}", f"OWNER#{owner}"))
    assert item is not None
    return str(item["key"]).encode()


def found(folder: Path, key: bytes) -> list[str]:
    """The files that hold it."""
    return [path.name for path in folder.iterdir() if key in path.read_bytes()]


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Engine, Store]]:
    with sqlite_engine(folder) as engine:
        reader = open_for_reading(folder)
        yield engine, SqliteStore(MAP, reader, commit_with(engine))
        reader.close()


def seal(store: Store, owner: str) -> None:
    run(store, THINGS, Cause("a", "b"), lambda unit: vault.seal(unit, owner, "name", "Ada"))


def test_forgotten_keys_leave_no_trace(tmp_path: Path) -> None:
    """Among many, so that pages were split and filled, and some were forgotten before the next ones came."""
    with opened(tmp_path) as (engine, store):
        keys: dict[str, bytes] = {}
        for _ in range(OWNERS):
            owner = new_id()[random.randrange(30) :]
            seal(store, owner)
            keys[owner] = key_of(store, owner)
        assert all(found(tmp_path, key) for key in keys.values())
        gone = random.sample(sorted(keys), OWNERS // 2)
        for owner in gone:
            store.transact([vault.forget(owner)])
        engine.purge()
        assert {owner: files for owner in gone if (files := found(tmp_path, keys[owner]))} == {}
        assert all(found(tmp_path, keys[owner]) for owner in set(keys) - set(gone))


def test_while_somebody_reads_it_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_of_the_host, "PURGE_AGAIN", 0.05)
    with opened(tmp_path) as (engine, store):
        for owner in ("ada", "bob", "cy"):
            seal(store, owner)
        key = key_of(store, "ada")
        reader = open_for_reading(tmp_path)
        reading = reader.execute('SELECT pk FROM "items_vault"')
        reading.fetchone()
        store.transact([vault.forget("ada")])
        engine.purge()
        assert found(tmp_path, key)  # what a reader looks at, cannot be taken from under it
        reading.close()
        reader.close()
        engine.purge()
        assert found(tmp_path, key)  # not at once: others have work to do
        time.sleep(0.06)
        engine.purge()
        assert found(tmp_path, key) == []


def test_whoever_writes_beside_is_waited_for_as_before(tmp_path: Path) -> None:
    """A look at the folder with another tool must not end the writer, for being met after a purge."""
    with opened(tmp_path) as (engine, store):
        (before,) = engine._connection.execute("PRAGMA busy_timeout").fetchone()
        store.transact([vault.forget("ada")])
        engine.purge()
        assert engine._connection.execute("PRAGMA busy_timeout").fetchone() == (before,)


def test_a_crash_before_the_purge_is_made_good_at_the_next_start(tmp_path: Path) -> None:
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    with opened(tmp_path) as (_, store):
        seal(store, "ada")
        key = key_of(store, "ada")
        store.transact([vault.forget("ada")])
        for path in tmp_path.glob("cartwheel.db*"):
            (crashed / path.name).write_bytes(path.read_bytes())
    assert found(crashed, key) == ["cartwheel.db-wal"]
    with sqlite_engine(crashed):
        assert found(crashed, key) == []


ALLOWED = {"seal": {"get", "put"}, "open": {"get"}, "forget": {"put"}, "get": set[str](), "put": set[str]()}


@pytest.mark.parametrize("declared", ALLOWED)
def test_keys_are_only_for_those_who_declare_it(tmp_path: Path, declared: str) -> None:
    """A slice's own access is to its own table: it does not reach the keys."""
    key = Key("OWNER#ada", "OWNER#ada")
    with opened(tmp_path) as (_, store):
        guarded = GuardedStore(store, "things-api", THINGS, frozenset({declared}))
        acts: dict[str, Callable[[], object]] = {
            "get": lambda: guarded.get(vault.TABLE, key),
            "put": lambda: guarded.transact([vault.forget("ada")]),
            "query": lambda: guarded.query(Query(vault.TABLE, key.pk)),
            "delete": lambda: guarded.transact([Delete(vault.TABLE, key)]),
            "update": lambda: guarded.transact([Update(vault.TABLE, key, {"key": "mine"})]),
        }
        for action, act in acts.items():
            if action in ALLOWED[declared]:
                act()
            else:
                with pytest.raises(AccessDenied, match=f"{action!r} on table 'vault'"):
                    act()


def test_the_version_of_sqlite_overwrites_what_is_deleted(tmp_path: Path) -> None:
    with sqlite_engine(tmp_path) as engine:
        connection: sqlite3.Connection = engine._connection
        assert connection.execute("PRAGMA secure_delete").fetchone() == (2,)
