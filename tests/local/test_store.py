"""The store as functions have it: within what the map declares, and as quick on the last page as on the first."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest

from cartwheel.kernel.conditions import Exists
from cartwheel.kernel.store import (
    AccessDenied,
    Action,
    Check,
    Delete,
    Key,
    Put,
    Query,
    Scan,
    Store,
    Update,
    Write,
    query_all,
)
from cartwheel.local.database import open_for_reading
from cartwheel.local.store import GuardedStore, SqliteStore
from tests.contract.adapters import MAP, OTHERS, THINGS, commit_with, sqlite_engine, sqlite_store

KEY = Key("a", "a")
ACTIONS: tuple[Action, ...] = get_args(Action)
WRITES: dict[str, Callable[[str], Write]] = {
    "put": lambda table: Put(table, {"PK": "a", "SK": "a"}),
    "update": lambda table: Update(table, KEY, {"n": 1}),
    "delete": lambda table: Delete(table, KEY),
    "check": lambda table: Check(table, KEY, Exists()),
}


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    with sqlite_store(folder) as store:
        store.transact([Put(table, {"PK": "a", "SK": "a"}) for table in (THINGS, OTHERS)])
        yield store


def act(store: Store, action: str, table: str) -> None:
    if action == "get":
        store.get(table, KEY)
    elif action == "query":
        store.query(Query(table, "a"))
    elif action == "scan":
        store.scan(Scan(table, ""))
    else:
        store.transact([WRITES[action](table)])


@pytest.mark.parametrize("declared", ACTIONS)
@pytest.mark.parametrize("action", ACTIONS)
def test_only_what_is_declared_is_allowed(store: Store, declared: Action, action: Action) -> None:
    guarded = GuardedStore(store, "things-api", THINGS, frozenset({declared}))
    if action == declared:
        act(guarded, action, THINGS)
        return
    with pytest.raises(AccessDenied, match=f"things-api has not declared '{action}' on table 'things'"):
        act(guarded, action, THINGS)


def test_an_index_is_declared_by_its_name(store: Store) -> None:
    guarded = GuardedStore(store, "things-api", THINGS, frozenset({"query by-group"}))
    guarded.query(Query(THINGS, "a", index="by-group"))
    for index, named in ((None, "'query'"), ("by-colour", "'query by-colour'")):
        with pytest.raises(AccessDenied, match=f"has not declared {named} on table 'things'"):
            guarded.query(Query(THINGS, "a", index=index))


@pytest.mark.parametrize("action", ACTIONS)
def test_no_other_table_can_be_reached(store: Store, action: Action) -> None:
    guarded = GuardedStore(store, "things-api", THINGS, frozenset(ACTIONS))
    with pytest.raises(AccessDenied, match="'others'"):
        act(guarded, action, OTHERS)


def test_one_write_that_is_not_declared_denies_the_transaction(store: Store) -> None:
    guarded = GuardedStore(store, "things-api", THINGS, frozenset({"put"}))
    fresh = Put(THINGS, {"PK": "b", "SK": "b"})
    with pytest.raises(AccessDenied):
        guarded.transact([fresh, Delete(THINGS, KEY)])
    assert store.get(THINGS, fresh.key) is None
    assert store.get(THINGS, KEY)


def test_of_several_transactions_only_the_denied_one_is_refused(store: Store) -> None:
    guarded = GuardedStore(store, "things-api", THINGS, frozenset({"put"}))
    one, other = Put(THINGS, {"PK": "b", "SK": "1"}), Put(THINGS, {"PK": "b", "SK": "2"})
    outcomes = guarded.transact_each([[one], [Delete(THINGS, KEY)], [other]])
    assert [type(outcome).__name__ for outcome in outcomes] == ["NoneType", "AccessDenied", "NoneType"]
    assert len(store.query(Query(THINGS, "b")).items) == 2


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("bounds", [{}, {"prefix": "x"}, {"between": ("x", "y")}], ids=str)
@pytest.mark.parametrize("index", [None, "by-group"])
def test_a_late_page_costs_no_more_than_an_early_one(
    folder: Path, index: str | None, bounds: dict[str, str], forward: bool
) -> None:
    """Counted in SQLite's own steps: it seeks to the cursor, it does not walk there."""
    with sqlite_engine(folder) as engine:
        for start in range(0, 2000, 100):
            items = [
                {"PK": "p", "SK": f"x{number:05}", "group": "p", "rank": f"x{number:05}"}
                for number in range(start, start + 100)
            ]
            with engine.group():
                engine.store.transact([Put(THINGS, item) for item in items])
        reader, steps, costs = open_for_reading(folder), [0], []
        reader.set_progress_handler(lambda: steps.append(1), 1)
        store = SqliteStore(MAP, reader, commit_with(engine))
        query = Query(THINGS, "p", index=index, limit=10, forward=forward, **bounds)  # type: ignore[arg-type]

        class Counting:
            def query(self, query: Query) -> object:
                steps.clear()
                page = store.query(query)
                costs.append(len(steps))
                return page

        assert len(list(query_all(Counting(), query))) == 2000  # type: ignore[arg-type]
        reader.close()
    assert max(costs[1:]) < 2 * min(costs[1:-1])


def test_what_one_wrote_the_other_reads(folder: Path) -> None:
    with sqlite_store(folder) as writer:
        reader = open_for_reading(folder)
        other = SqliteStore(MAP, reader, lambda _: [])
        writer.transact([Put(THINGS, {"PK": "a", "SK": "a", "n": 1})])
        assert other.get(THINGS, KEY) == {"PK": "a", "SK": "a", "n": 1}
        reader.close()


def test_a_reading_connection_cannot_write(folder: Path) -> None:
    with sqlite_store(folder):
        reader = open_for_reading(folder)
        with pytest.raises(Exception, match="readonly"):
            reader.execute(f"DELETE FROM items_{THINGS}")
        reader.close()
