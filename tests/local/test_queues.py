"""What the queues of this host do beyond the port: retention, redrive in parts, statistics, leftovers."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cartwheel.kernel.queue import Failure
from cartwheel.kernel.store import MAX_INTEGER
from cartwheel.kernel.topology import App
from cartwheel.local import queues as sqlite_queues
from cartwheel.local.database import open_for_writing
from cartwheel.local.letters import Selection, Step
from cartwheel.local.queues import Queues, statistics
from tests.contract.adapters import MAP

NAMES = ("red-things", "all-things")


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the clock, in seconds since the start of the test."""
    began = sqlite_queues.now_ms()

    def at(seconds: float) -> None:
        monkeypatch.setattr(sqlite_queues, "now_ms", lambda: began + int(seconds * 1000))

    at(0)
    return at


@pytest.fixture
def queues(folder: Path) -> Iterator[Queues]:
    connection = open_for_writing(folder, MAP)
    yield Queues(connection, MAP)
    connection.close()


def bury(queues: Queues, *bodies: str, queue: str = "red-things") -> None:
    """Everything on the queue fails until it is dead."""
    for body in bodies:
        queues.send(queue, body)
    for _ in range(3):
        queues._connection.execute("UPDATE messages SET visible_at = 0 WHERE queue = ?", (queue,))
        queues.settle(queue, [], [Failure(each.id, "broken") for each in queues.receive(queue, 100)])


def redrive(queues: Queues) -> int:
    """All letters; how many went."""
    return len(queues.redrive(Step(Selection(), 0, MAX_INTEGER, 100, "the-staff")).sent)


def letters(queues: Queues) -> list[tuple[Any, ...]]:
    return queues._connection.execute("SELECT queue, body, error FROM dead_letters ORDER BY id").fetchall()


def waiting(queues: Queues) -> list[tuple[Any, ...]]:
    return queues._connection.execute("SELECT queue, body FROM messages ORDER BY id").fetchall()


def test_queues_do_not_mix(queues: Queues) -> None:
    for name in NAMES:
        queues.send(name, name)
    assert queues.visible() == set(NAMES)
    for name in NAMES:
        assert [message.body for message in queues.receive(name, 10)] == [name]
    assert queues.visible() == set()


def test_the_oldest_visible_come_first(queues: Queues, now: Callable[[float], None]) -> None:
    for number in range(5):
        now(number)
        queues.send("red-things", str(number))
    assert [message.body for message in queues.receive("red-things", 3)] == ["0", "1", "2"]


def test_depth_is_what_is_not_done(queues: Queues) -> None:
    queues.send("red-things", "a")
    queues.send("red-things", "b")
    (first, _) = queues.receive("red-things", 2)
    assert queues.depth["red-things"] == 2
    queues.settle("red-things", [first.id, first.id], [])
    assert queues.depth["red-things"] == 1
    bury(queues)
    assert queues.depth.total() == 0
    redrive(queues)
    assert queues.depth["red-things"] == 1
    before = dict(queues.depth)
    queues.recount()
    assert {name: depth for name, depth in before.items() if depth} == dict(queues.depth)


def test_the_delay_of_retries_has_an_end(folder: Path, now: Callable[[float], None]) -> None:
    (part, other) = MAP.slices
    patient = tuple(replace(consumer, max_receives=40) for consumer in part.consumers)
    connection = open_for_writing(folder, MAP)
    queues = Queues(connection, App((replace(part, consumers=patient), other)))
    queues.send("red-things", "a")
    moment = 0.0
    for _ in range(30):
        (message,) = queues.receive("red-things", 1)
        queues.settle("red-things", [], [Failure(message.id, "no")])
        moment += 15 * 60 + 1
        now(moment)
    connection.close()


def test_what_nobody_took_in_time_becomes_a_dead_letter(queues: Queues, now: Callable[[float], None]) -> None:
    queues.send("red-things", "old")
    now(timedelta(days=3).total_seconds())
    queues.send("red-things", "young")
    now(timedelta(days=4).total_seconds() + 1)
    queues.expire()
    assert waiting(queues) == [("red-things", "young")]
    assert letters(queues) == [("red-things", "old", "not delivered within the queue's retention")]
    assert queues.depth["red-things"] == 1


def test_dead_letters_are_kept_for_14_days(queues: Queues, now: Callable[[float], None]) -> None:
    bury(queues, "a")
    now(timedelta(days=14).total_seconds())
    queues.expire()
    assert len(letters(queues)) == 1
    now(timedelta(days=15).total_seconds())
    queues.expire()
    assert letters(queues) == []


def test_statistics_tell_what_waits_what_is_hidden_and_what_died(queues: Queues, now: Callable[[float], None]) -> None:
    bury(queues, "dead")
    for number in range(3):
        queues.send("red-things", str(number))
    queues.receive("red-things", 1)
    now(12)
    red, every = statistics(queues._connection, MAP)
    assert red == {"queue": "red-things", "waiting": 2, "hidden": 1, "dead": 1, "oldestSeconds": 12.0}
    assert every == {"queue": "all-things", "waiting": 0, "hidden": 0, "dead": 0, "oldestSeconds": 0}


def test_what_is_left_for_a_consumer_that_is_gone_is_nobodys_work(queues: Queues) -> None:
    """An earlier version had it. Its messages stay, for a version that has it again."""
    queues.send("all-things", "left")
    bury(queues, "dead", queue="all-things")
    part = replace(MAP.slices[0], consumers=MAP.slices[0].consumers[:1])
    newer = Queues(queues._connection, App((part, MAP.slices[1])))
    queues.send("all-things", "more")
    newer.recount()
    assert newer.depth.total() == 0
    assert newer.visible() == set()
    refused = newer.redrive(Step(Selection(), 0, MAX_INTEGER, 100, "the-staff")).refused
    assert [reason for _, reason in refused] == ["this version has no consumer of that name"] * 2
    newer.expire()
    assert len(letters(queues)) == 2
    assert redrive(queues) == 2
