"""Behind the one writing connection: groups, the relay, expiry, and a schema that fits the map."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cartwheel.kernel import telemetry
from cartwheel.kernel.events import Envelope
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.outbox import outbox_row, unsent
from cartwheel.kernel.store import Key, Put, Query, Update
from cartwheel.kernel.topology import App, Index, Slice, Table
from cartwheel.local import engine as engine_module
from cartwheel.local.database import open_for_writing
from cartwheel.local.engine import Engine
from tests.contract.adapters import OTHERS, THINGS, sqlite_engine


@pytest.fixture
def engine(folder: Path) -> Iterator[Engine]:
    with sqlite_engine(folder) as engine:
        yield engine


def row(table: str = THINGS, text: str = "") -> Put:
    return outbox_row(table, [Envelope(new_id(), "test", "Red", "t", {"data": {"text": text}})])


def fails(engine: Engine) -> None:
    with engine.group():
        engine.store.transact([Put(THINGS, {"PK": "a", "SK": "a"})])
        engine.queues.send("red-things", "body")
        raise RuntimeError("in the middle")


def test_an_undone_group_leaves_nothing(engine: Engine) -> None:
    with pytest.raises(RuntimeError):
        fails(engine)
    assert engine.store.get(THINGS, Key("a", "a")) is None
    assert engine.backlog == 0
    with engine.group():
        assert engine.queues.receive("red-things", 10) == []


def test_the_backlog_is_what_is_accepted_and_not_done(engine: Engine) -> None:
    with engine.group():
        engine.store.transact([row()])
        engine.store.transact([row(OTHERS)])
    assert engine.backlog == 2
    with engine.group():
        engine.relay()
    assert engine.backlog == 4  # each event is on two queues now
    for queue in ("red-things", "all-things"):
        with engine.group():
            engine.queues.settle(queue, [message.id for message in engine.queues.receive(queue, 10)], [])
    assert engine.backlog == 0


def test_the_relay_takes_a_bounded_number_of_rows_at_a_time(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "RELAYED_PER_GROUP", 3)
    with engine.group():
        for _ in range(7):
            engine.store.transact([row()])
    rounds = 0
    while engine.has_unsent:
        with engine.group():
            engine.relay()
        rounds += 1
    assert rounds == 3
    assert list(unsent(engine.store, THINGS)) == []


def test_a_relayed_row_is_deleted_in_the_group_that_sends_it(engine: Engine) -> None:
    with engine.group():
        engine.store.transact([row()])
    with engine.group():
        engine.relay()
        assert list(unsent(engine.store, THINGS)) == []
    engine.sweep()
    assert not engine.has_unsent


def test_a_row_that_cannot_be_read_is_named_and_holds_nothing_up(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    warned: list[dict[str, object]] = []
    monkeypatch.setattr(telemetry, "warn", lambda _, **facts: warned.append(facts))
    broken = row()
    broken.item["events"] = ["no event"]
    with engine.group():
        engine.store.transact([broken])
        engine.store.transact([row()])
    with engine.group():
        engine.relay()
    assert list(unsent(engine.store, THINGS)) == [broken.item]
    assert [fact["row"] for fact in warned] == [broken.key.pk]


def test_an_update_of_an_outbox_like_item_is_not_relayed(engine: Engine) -> None:
    with engine.group():
        engine.store.transact([Update(THINGS, Key("a", "a"), {"n": 1})])
    assert not engine.has_unsent


def test_expired_items_are_removed_and_no_others(engine: Engine) -> None:
    now = int(time.time())
    items = {"past": now - 10, "future": now + 1000, "never": None}
    with engine.group():
        for name, expiry in items.items():
            engine.store.transact([Put(THINGS, {"PK": name, "SK": "a"} | ({"expiresAt": expiry} if expiry else {}))])
    with engine.group():
        engine.expire()
    connection = engine.bus._connection
    assert {pk for (pk,) in connection.execute(f"SELECT pk FROM items_{THINGS}")} == {"future", "never"}


def test_expiry_is_done_in_pieces(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "EXPIRED_PER_RUN", 2)
    with engine.group():
        engine.store.transact([Put(THINGS, {"PK": "a", "SK": str(number), "expiresAt": 1}) for number in range(5)])
    left = []
    for _ in range(3):
        with engine.group():
            engine.expire()
        left.append(engine.bus._connection.execute(f"SELECT count(*) FROM items_{THINGS}").fetchone()[0])
    assert left == [3, 1, 0]


OLD = App((Slice("a", Table("a", (Index("by-x", "x", "y"),))),))
NEW = App((Slice("a", Table("a", (Index("by-x", "x", "y"), Index("by-z", "z", "y")))), Slice("b", Table("b"))))


def test_a_map_with_more_in_it_finds_what_was_stored_before(folder: Path) -> None:
    item = {"PK": "p", "SK": "s", "x": "1", "y": "2", "z": "ü\x00"}
    connection = open_for_writing(folder, OLD)
    old = Engine(connection, OLD)
    with old.group():
        old.store.transact([Put("a", item)])
    connection.close()
    for _ in range(2):
        connection = open_for_writing(folder, NEW)
        new = Engine(connection, NEW)
        assert new.store.query(Query("a", "ü\x00", index="by-z")).items == [item]
        assert new.store.query(replace(Query("a", "1"), index="by-x")).items == [item]
        assert new.store.get("b", Key("p", "s")) is None
        connection.close()


def test_a_commit_is_flushed_to_the_disk(folder: Path) -> None:
    connection = open_for_writing(folder, OLD)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    connection.close()
