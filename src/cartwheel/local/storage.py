"""The storage process: the one writer. It answers functions and host, many requests with one durable commit.

    select ─► take every request that is there ─► BEGIN … COMMIT ─► send the answers ─► select …

While one commit is being flushed the next requests gather, so the busier it is, the larger the groups.
"""

import contextlib
import selectors
import signal
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cartwheel.kernel.bus import Entry, NotTaken
from cartwheel.kernel.queue import Failure, Message
from cartwheel.kernel.staff import Act
from cartwheel.kernel.store import StoreError
from cartwheel.kernel.topology import App

from .acts import redriven, told
from .channel import Connection, name_process, spare_collector, take_over
from .database import open_for_writing
from .engine import Engine
from .items import Prepared
from .letters import Step, Stepped
from .monitoring.figures import Figures

LINGER: Final = 0.005  # seconds that events and messages gather before they go on together: they cost less so
TICK: Final = 0.05  # seconds: how late a delayed message may become visible
SWEEP_EVERY: Final = 5.0  # seconds between looks for outbox rows that nobody sent


@dataclass
class Request:
    """A question and where its answer goes."""

    connection: Connection
    number: int
    method: str
    arguments: tuple[Any, ...]
    result: Any = None


@dataclass
class Poll:
    """A receive that waits for messages."""

    request: Request
    queue: str
    most: int


@dataclass
class Storage:
    """The engine and those who ask it."""

    engine: Engine
    host: Connection
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    polls: dict[str, deque[Poll]] = field(default_factory=dict)
    swept: float = field(default_factory=time.monotonic)
    last_round: float = 0.0
    polled: bool = False
    stopping: bool = False

    def serve(self) -> None:
        """Until told to stop. An error of the disk ends the process: nothing unsure is ever answered."""
        while not self.stopping:
            requests = self._gather(max(0.0, self._next_round() - time.monotonic()))
            due = time.monotonic() >= self._next_round()
            if not (requests or due):
                continue
            with self.engine.group():
                answered = [request for request in requests if self._execute(request)]
                if due:
                    answered += self._background()
            self._send(answered)
            self.engine.purge()

    def _gather(self, timeout: float) -> list[Request]:
        """The next message of everyone who sent one: a group's worth."""
        requests: list[Request] = []
        for key, _ in self.selector.select(timeout):
            connection: Connection = key.data
            try:
                requests += _read(connection)
            except (EOFError, OSError):
                self._forget(connection)
        return requests

    def attach(self, connection: Connection) -> None:
        self.selector.register(connection, selectors.EVENT_READ, connection)

    def _forget(self, connection: Connection) -> None:
        self.selector.unregister(connection)
        connection.close()
        for polls in self.polls.values():
            for poll in [poll for poll in polls if poll.request.connection is connection]:
                polls.remove(poll)
        self.stopping = self.stopping or connection is self.host

    def _execute(self, request: Request) -> bool:
        """Do what is asked; False when its answer has to wait."""
        try:
            request.result = getattr(self, f"do_{request.method}")(request, *request.arguments)
        except (StoreError, NotTaken) as refused:
            request.result = refused
        return not isinstance(request.result, Poll)

    def do_transact(self, _: Request, transactions: list[list[Prepared]]) -> list[StoreError | None]:
        return self.engine.transact_each(transactions)

    def do_put_event(self, _: Request, entry: Entry) -> str:
        return self.engine.bus.put(entry)

    def do_receive(self, request: Request, queue: str, most: int) -> list[Message] | Poll:
        poll, self.polled = Poll(request, queue, most), True
        self.polls.setdefault(queue, deque()).append(poll)
        return poll

    def do_cancel_polls(self, _: Request) -> None:
        """Answer the waiting receives with nothing: the host is about to stop."""
        for polls in self.polls.values():
            for poll in polls:
                poll.request.result = []
                self._send([poll.request])
            polls.clear()

    def do_settle(self, _: Request, queue: str, done: list[str], failed: list[Failure]) -> int:
        self.engine.queues.settle(queue, done, failed)
        return self.engine.backlog

    def do_redrive(self, _: Request, step: Step) -> Stepped:
        done = self.engine.queues.redrive(step)
        self.engine.bus.publish(redriven(step, done))
        return done

    def do_tell(self, _: Request, act: Act) -> None:
        self.engine.bus.publish([told(act)])

    def do_backlog(self, _: Request) -> int:
        return self.engine.backlog

    def do_lags(self, _: Request) -> Figures:
        """How long events took to the bus, in milliseconds: the oldest of each round, since this was last asked."""
        lags, self.engine.lags = self.engine.lags, Figures()
        return lags

    def do_attach(self, _: Request, environment: Connection) -> None:
        self.attach(environment)

    def do_stop(self, _: Request) -> None:
        self.stopping = True

    def _answer_polls(self) -> list[Request]:
        """Hand visible messages to those who wait for them."""
        answered = []
        for queue in self.engine.queues.visible() if any(self.polls.values()) else ():
            polls = self.polls.get(queue)
            while polls:
                messages = self.engine.queues.receive(queue, polls[0].most)
                if not messages:
                    break
                poll = polls.popleft()
                poll.request.result = messages
                answered.append(poll.request)
        return answered

    def _next_round(self) -> float:
        """When to look again at what nobody asks for; at once if there is news and the last round was a while ago."""
        if self.engine.has_unsent or self.polled:
            return self.last_round + LINGER
        return self.last_round + (TICK if self.engine.queues.depth.total() else SWEEP_EVERY)

    def _background(self) -> list[Request]:
        """What nobody asked for but is due: relay events, hand out messages, remove what has expired."""
        self.last_round, self.polled = time.monotonic(), False
        self.engine.relay()
        answered = self._answer_polls()
        if self.last_round - self.swept >= SWEEP_EVERY:
            self.swept = self.last_round
            self.engine.expire()
            if not self.engine.has_unsent:
                self.engine.sweep()
        return answered

    def _send(self, answered: list[Request]) -> None:
        """One message to each asker, with all answers to it."""
        messages: dict[Connection, list[tuple[int, Any]]] = {}
        for request in answered:
            messages.setdefault(request.connection, []).append((request.number, request.result))
        for connection, answers in messages.items():
            with contextlib.suppress(OSError):  # the asker died; what it wrote is stored, and it will be asked again
                connection.send(answers)


def _read(connection: Connection) -> list[Request]:
    questions = connection.recv()
    return [
        # What attaches is a new environment's end of a connection: it comes right behind the message.
        Request(connection, number, method, (take_over(connection),) if method == "attach" else arguments)
        for number, method, arguments in questions
    ]


def main(folder: Path, app: App, host: Connection) -> None:
    """The process's whole life: until the host says stop, or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    name_process("storage")
    connection = open_for_writing(folder, app)
    storage = Storage(Engine(connection, app), host)
    storage.attach(host)
    host.send([(0, "ready")])
    spare_collector()
    storage.serve()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
