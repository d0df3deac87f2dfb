"""Queues and dead letters without a host, each act a group commit of its own, and a clock that a test moves."""

import json
import sqlite3
from typing import Any, Final

from cartwheel.kernel.queue import Failure
from cartwheel.kernel.store import MAX_INTEGER
from cartwheel.local import queues as sqlite_queues
from cartwheel.local.engine import Engine
from cartwheel.local.letter_pages import page, whole
from cartwheel.local.letters import Selection, Step, Stepped
from tests.contract.adapters import MAP

DAY_MS: Final = 86_400_000
RED: Final = "red-things"


def event(number: int, detail_type: str = "Red") -> str:
    metadata = {"subject": f"order-{number}", "correlationId": f"story-{number}"}
    detail = {"metadata": metadata, "data": {"orderId": f"order-{number}"}}
    return json.dumps({"detail-type": detail_type, "detail": detail})


class Clock:
    """The queues' clock; a test moves it."""

    def __init__(self) -> None:
        self.now = sqlite_queues.now_ms()

    def wait(self, milliseconds: int) -> None:
        self.now += milliseconds


class Letterbox:
    """An engine with the queues of `MAP`."""

    def __init__(self, connection: sqlite3.Connection, clock: Clock) -> None:
        self.connection, self.clock = connection, clock
        self.engine = Engine(connection, MAP)

    def send(self, *bodies: str, queue: str = RED) -> None:
        with self.engine.group():
            for body in bodies:
                self.engine.queues.send(queue, body)

    def receive(self, queue: str = RED) -> list[str]:
        with self.engine.group():
            return [message.id for message in self.engine.queues.receive(queue, 100)]

    def fail(self, ids: list[str], error: str, queue: str = RED) -> None:
        with self.engine.group():
            self.engine.queues.settle(queue, [], [Failure(each, error) for each in ids])

    def bury(self, error: str = "broken", queue: str = RED) -> None:
        """Whatever is on the queue fails until it is dead."""
        for _ in range(3):
            self.fail(self.receive(queue), error, queue)
            self.clock.wait(20_000)

    def step(self, selection: Selection, after: int = 0, until: int = MAX_INTEGER, most: int = 100) -> Stepped:
        with self.engine.group():
            return self.engine.queues.redrive(Step(selection, after, until, most, "the-staff"))

    def redrive_and_crash(self, number: int) -> None:
        with self.engine.group():
            self.engine.queues.redrive(Step(Selection(), 0, MAX_INTEGER, number, "the-staff"))
            raise ZeroDivisionError

    def letters(self) -> list[dict[str, Any]]:
        items, more = page(self.connection, Selection(), 0, 100)
        assert not more
        return items

    def whole(self, number: int) -> dict[str, Any]:
        letter = whole(self.connection, number, {})
        assert letter
        return letter

    def waiting(self) -> list[str]:
        return [body for (body,) in self.connection.execute("SELECT body FROM messages ORDER BY id")]
