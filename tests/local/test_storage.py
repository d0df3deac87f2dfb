"""The one writer: what it answers is durable, what it refuses has changed nothing, whoever asks beside whom."""

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cartwheel.kernel.conditions import Equals, Missing, NotExists
from cartwheel.kernel.events import Envelope
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.outbox import outbox_row
from cartwheel.kernel.queue import Failure, Message
from cartwheel.kernel.store import ConditionFailed, Key, Put, Query, Store, StoreError, Update, query_all
from cartwheel.local import storage
from cartwheel.local.channel import Connection, Pipe, call, hand_over
from cartwheel.local.database import open_for_reading, open_for_writing
from cartwheel.local.engine import Engine
from cartwheel.local.host import spawn
from cartwheel.local.store import SqliteStore
from tests.contract.adapters import MAP, THINGS, sqlite_engine
from tests.support.lab import children, ends


@dataclass
class Process:
    """A storage process and the host's connection to it."""

    folder: Path
    host: Connection
    pid: int
    readers: list[sqlite3.Connection] = field(default_factory=list)

    def store(self) -> Store:
        """The store as another environment has it, on connections of its own."""
        here, there = Pipe()
        self.host.send([(0, "attach", ())])
        hand_over(self.host, there)
        assert self.host.recv() == [(0, None)]
        self.readers.append(open_for_reading(self.folder))
        return SqliteStore(MAP, self.readers[-1], partial(call, here, "transact"))


@contextmanager
def process(folder: Path) -> Iterator[Process]:
    before = set(children(os.getpid()))
    host = spawn(lambda there: storage.main(folder, MAP, there))
    assert host.recv() == [(0, "ready")]
    (pid,) = set(children(os.getpid())) - before
    running = Process(folder, host, pid)
    try:
        yield running
    finally:
        host.close()
        for reader in running.readers:
            reader.close()
        os.waitpid(pid, 0)


def pair(number: int, writer: int) -> list[Put | Update]:
    """Two items that belong together, and a count that no two writers may agree on by accident."""
    name = f"{writer}-{number}"
    return [
        Put(THINGS, {"PK": name, "SK": "one", "group": "pairs", "rank": name}, NotExists()),
        Put(THINGS, {"PK": name, "SK": "two"}, NotExists()),
        Update(THINGS, Key(f"count {writer}", "a"), add={"n": 1}),
    ]


@pytest.mark.parametrize("patience", [0.05, 0.15, 0.3])
def test_what_was_answered_is_there_after_a_kill(folder: Path, patience: float) -> None:
    """Killed in the middle of many writers: no answered transaction is missing, none is there by half."""
    answered: list[str] = []

    def write(store: Store, writer: int) -> None:
        for number in range(100_000):
            try:
                store.transact(pair(number, writer))
            except (EOFError, OSError):
                return
            answered.append(f"{writer}-{number}")

    with process(folder) as running:
        writers = [threading.Thread(target=write, args=(running.store(), writer)) for writer in range(8)]
        for writer in writers:
            writer.start()
        time.sleep(patience)
        os.kill(running.pid, signal.SIGKILL)
        for writer in writers:
            writer.join(10)
    assert len(answered) > 20

    with sqlite_engine(folder) as engine:
        ones = {item["PK"] for item in query_all(engine.store, Query(THINGS, "pairs", index="by-group", limit=1000))}
        assert set(answered) <= ones
        assert len(ones) - len(answered) <= 8
        assert all(engine.store.get(THINGS, Key(name, "two")) for name in ones)
        for number in range(8):
            done = len([name for name in ones if name.startswith(f"{number}-")])
            assert (engine.store.get(THINGS, Key(f"count {number}", "a")) or {}).get("n", 0) == done


def test_no_update_is_lost_between_many_writers(folder: Path) -> None:
    def increment(store: Store) -> None:
        done = 0
        while done < 20:
            before = (store.get(THINGS, Key("counter", "a")) or {}).get("n", 0)
            condition = Equals("n", before) if before else Missing("n")
            try:
                store.transact([Update(THINGS, Key("counter", "a"), {"n": before + 1}, condition=condition)])
                done += 1
            except ConditionFailed:
                continue

    with process(folder) as running:
        writers = [threading.Thread(target=increment, args=(running.store(),)) for _ in range(5)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join(20)
        assert (running.store().get(THINGS, Key("counter", "a")) or {})["n"] == 100


def test_the_process_ends_with_its_host(folder: Path) -> None:
    with process(folder) as running:
        running.host.close()
        assert ends(running.pid)


def test_an_asker_that_is_gone_disturbs_nobody(folder: Path) -> None:
    with process(folder) as running:
        here, there = Pipe()
        running.host.send([(0, "attach", ())])
        hand_over(running.host, there)
        assert running.host.recv() == [(0, None)]
        store = SqliteStore(MAP, open_for_reading(folder), lambda _: here.send([(0, "backlog", ())]) or [None])  # type: ignore[func-returns-value]
        store.transact(pair(1, 1))
        here.close()
        running.store().transact(pair(2, 2))


class CountedEngine(Engine):
    """Says how many groups there were, and whether the commit of one is to fail."""

    groups = 0
    disk_full = False

    @contextmanager
    def group(self) -> Iterator[None]:
        type(self).groups += 1
        with super().group():
            yield
            if self.disk_full:
                raise sqlite3.OperationalError("database or disk is full")


@contextmanager
def counted_storage(folder: Path) -> Iterator[tuple[storage.Storage, Connection, list[Connection]]]:
    """A storage in this process, its host's end, and the ends of ten environments."""
    CountedEngine.groups, CountedEngine.disk_full = 0, False
    connection = open_for_writing(folder, MAP)
    host, theirs = Pipe()
    serving = storage.Storage(CountedEngine(connection, MAP), theirs)
    serving.attach(theirs)
    ends_here = []
    for _ in range(10):
        here, there = Pipe()
        serving.attach(there)
        ends_here.append(here)
    yield serving, host, ends_here
    connection.close()


def ask(end: Connection, *writes: Any) -> None:
    """Ask for a transaction, and do not wait for the answer."""

    def send(transactions: Any) -> list[StoreError | None]:
        end.send([(7, "transact", (transactions,))])
        return [None]

    SqliteStore(MAP, sqlite3.connect(":memory:"), send).transact(writes)


def test_many_requests_share_one_commit_and_each_succeeds_or_fails_for_itself(folder: Path) -> None:
    with counted_storage(folder) as (serving, host, environments):
        for environment in environments:
            ask(environment, Put(THINGS, {"PK": "only one", "SK": "a"}, NotExists()))
        host.send([(1, "stop", ())])
        serving.serve()
        assert CountedEngine.groups == 1
        refusals = [environment.recv()[0][1][0] for environment in environments]
        assert [type(refused) for refused in refusals].count(ConditionFailed) == 9
        assert refusals.count(None) == 1


def test_nothing_is_answered_before_it_is_durable(folder: Path) -> None:
    """When the commit fails the process ends, and whoever asked hears of no success."""
    with counted_storage(folder) as (serving, host, environments):
        CountedEngine.disk_full = True
        for environment in environments:
            ask(environment, Put(THINGS, {"PK": new_id(), "SK": "a"}))
        host.send([(1, "stop", ())])
        with pytest.raises(sqlite3.OperationalError):
            serving.serve()
        assert not any(end.poll() for end in (host, *environments))


def receive(host: Connection, most: int = 10, number: int = 5) -> None:
    host.send([(number, "receive", ("red-things", most))])


def answer(host: Connection, within: float = 5) -> Any:
    assert host.poll(within)
    ((_, result),) = host.recv()
    return result


def red(*boxes: str) -> Put:
    events = [Envelope(new_id(), "test", "Red", "2026-01-01T00:00:00.000Z", {"data": {"box": box}}) for box in boxes]
    return outbox_row(THINGS, events)


def test_a_receive_waits_for_its_messages(folder: Path) -> None:
    with process(folder) as running:
        store = running.store()
        receive(running.host)
        assert not running.host.poll(0.1)
        store.transact([red("a", "b")])
        messages = answer(running.host)
        assert [message.receives for message in messages] == [1, 1]
        assert call(running.host, "settle", "red-things", [message.id for message in messages], []) == 2  # on the other


def test_a_failed_message_comes_again_by_itself(folder: Path) -> None:
    with process(folder) as running:
        store = running.store()
        receive(running.host)
        store.transact([red("a")])
        (message,) = answer(running.host)
        assert isinstance(message, Message)
        assert call(running.host, "settle", "red-things", [], [Failure(message.id, "not now")]) > 0
        receive(running.host)
        assert not running.host.poll(0.3)
        (again,) = answer(running.host)
        assert (again.id, again.receives) == (message.id, 2)
        call(running.host, "settle", "red-things", [again.id], [])


def test_waiting_receives_are_answered_when_the_host_stops(folder: Path) -> None:
    with process(folder) as running:
        receive(running.host)
        running.host.send([(6, "cancel_polls", ())])
        answers = dict(running.host.recv() + (running.host.recv() if running.host.poll(1) else []))
        assert answers == {5: [], 6: None}


def test_the_rows_of_a_killed_process_are_sent_by_the_next(folder: Path) -> None:
    with process(folder) as running:
        store = running.store()
        store.transact([red(*"abc")])
        os.kill(running.pid, signal.SIGKILL)
    with process(folder) as running:
        receive(running.host)
        assert len(answer(running.host)) == 3
