"""The one promise of a redrive: whatever was redriven, when and how often, no effect happens twice."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from cartwheel.kernel.envelope import Cause, Envelope
from cartwheel.kernel.events import Event
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.queue import Failure, Message
from cartwheel.kernel.store import MAX_INTEGER, Key, Update
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.local.database import open_for_writing
from cartwheel.local.engine import Engine
from cartwheel.local.letters import Selection, Step
from cartwheel.local.store import SqliteStore
from tests.contract.adapters import MAP, THINGS, commit_with

QUEUE = "red-things"
DAY_MS = 86_400_000
COUNTER = Key("COUNTER", "COUNTER")

inbox = Inbox(QUEUE, THINGS)


class Red(Event, source="test", subject="thing"):
    """Something to be counted, once."""

    thing: str


@inbox.on(Red)
def count(_: Red, unit: UnitOfWork) -> None:
    unit.write(Update(THINGS, COUNTER, add={"n": 1}))


class Aged:
    """A queue and its consumer, whose past can be moved back: for what is stored, that is as if time had passed."""

    def __init__(self, folder: Path) -> None:
        self.database = open_for_writing(folder, MAP)
        self.engine = Engine(self.database, MAP)
        self.store = SqliteStore(MAP, self.database, commit_with(self.engine))
        with self.engine.group():
            self.engine.bus.publish([Envelope.of(Red(thing="one"), Cause("a-story", "a-cause"))])

    def age(self, milliseconds: int) -> None:
        for table, columns in {
            "messages": ("sent_at", "visible_at", "first_sent_at", "received_at"),
            "dead_letters": ("sent_at", "first_sent_at", "died_at"),
        }.items():
            moved = ", ".join(f"{column} = {column} - {milliseconds}" for column in columns)
            self.database.execute(f"UPDATE {table} SET {moved}")
        self.database.execute(f"UPDATE items_{THINGS} SET expires = expires - {milliseconds // 1000}")
        with self.engine.group():
            self.engine.expire()

    def receive(self) -> list[Message]:
        with self.engine.group():
            return self.engine.queues.receive(QUEUE, 100)

    def handle(self, message: Message) -> None:
        inbox.deliver(self.store, Envelope.parse(json.loads(message.body)))

    def fail(self, message: Message) -> None:
        with self.engine.group():
            self.engine.queues.settle(QUEUE, [], [Failure(message.id, "the answer was lost")])

    def redrive(self) -> int:
        with self.engine.group():
            return len(self.engine.queues.redrive(Step(Selection(), 0, MAX_INTEGER, 100, "the-staff")).sent)

    def effects(self) -> int:
        found = self.store.get(THINGS, COUNTER)
        return found["n"] if found else 0


@pytest.fixture
def aged(folder: Path) -> Iterator[Aged]:
    aged = Aged(folder)
    yield aged
    aged.database.close()


@pytest.mark.parametrize("days_between", [1, 4, 9, 13])
@pytest.mark.parametrize("fruitless", [0, 1, 4, 5])
def test_an_effect_whose_answer_was_lost_happens_once(aged: Aged, days_between: int, fruitless: int) -> None:
    """For two months the letter dies, is redriven and dies again; all deliveries but the first had their effect."""
    deliveries = 0
    for _ in range(60 // days_between):
        for _ in range(3):
            for message in aged.receive():
                if deliveries >= fruitless:
                    aged.handle(message)
                deliveries += 1
                aged.fail(message)
            aged.age(60_000)
        aged.age(days_between * DAY_MS)
        aged.redrive()
    assert aged.effects() == 1
    assert deliveries > fruitless


def test_without_its_mark_the_effect_would_double(aged: Aged) -> None:
    """So the tests of this module can fail."""
    (message,) = aged.receive()
    aged.handle(message)
    aged.handle(message)
    assert aged.effects() == 1
    aged.age(21 * DAY_MS)
    aged.handle(message)
    assert aged.effects() == 2


@pytest.mark.parametrize("seed", range(30))
def test_whatever_happens_to_a_message_its_effect_happens_once(aged: Aged, seed: int) -> None:
    chance = random.Random(seed)
    in_hand: list[Message] = []
    for _ in range(300):
        match chance.choice(["receive", "handle", "fail", "wait", "sleep", "redrive"]):
            case "receive":
                in_hand = aged.receive() or in_hand
            case "handle" if in_hand:
                aged.handle(in_hand[0])
            case "fail" if in_hand:
                aged.fail(in_hand.pop())
            case "wait":
                aged.age(chance.randint(1, 90_000))
            case "sleep":
                in_hand = []  # a function's time is over long before
                aged.age(chance.randint(1, 4 * DAY_MS))
            case "redrive":
                aged.redrive()
    assert aged.effects() <= 1
