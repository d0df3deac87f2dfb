"""Every adapter of the ports, made ready for the suites: a new one is a line in `STORES`, `QUEUES` or `BUSES`."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from cartwheel.kernel.bus import Bus, Rejected
from cartwheel.kernel.events import Envelope
from cartwheel.kernel.queue import Failure, Message, Queue
from cartwheel.kernel.store import Store, StoreError
from cartwheel.kernel.topology import App, Consumer, Function, Index, Slice, Table, access
from cartwheel.local import queues as sqlite_queues
from cartwheel.local import storage
from cartwheel.local.channel import call
from cartwheel.local.database import open_for_reading, open_for_writing
from cartwheel.local.engine import Engine
from cartwheel.local.host import spawn
from cartwheel.local.items import Prepared
from cartwheel.local.store import Commit, SqliteStore

THINGS = "things"
OTHERS = "others"


def _consumer(name: str, pattern: dict[str, list[str]]) -> Consumer:
    function = Function(name, "none:none", access(), timeout=timedelta(seconds=5))
    return Consumer(function, (pattern,), max_receives=3, retry_delay=timedelta(seconds=1))


MAP = App(
    (
        Slice(
            THINGS,
            Table(THINGS, (Index("by-group", "group", "rank"), Index("by-colour", "colour", "shade"))),
            consumers=(
                _consumer("red-things", {"source": ["test"], "detail-type": ["Red"]}),
                _consumer("all-things", {"source": ["test"]}),
            ),
        ),
        Slice(OTHERS, Table(OTHERS)),
    )
)


@contextmanager
def memory_folder() -> Iterator[Path]:
    """A folder whose flushes cost nothing, where the system has one: how durable a commit is, is not tested here."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@contextmanager
def sqlite_engine(folder: Path) -> Iterator[Engine]:
    connection = open_for_writing(folder, MAP)
    try:
        yield Engine(connection, MAP)
    finally:
        connection.close()


def commit_with(engine: Engine) -> Commit:
    """Each call a group of its own."""

    def commit(transactions: list[list[Prepared]]) -> list[StoreError | None]:
        with engine.group():
            return engine.transact_each(transactions)

    return commit


@contextmanager
def sqlite_store(folder: Path) -> Iterator[Store]:
    """In this process."""
    with sqlite_engine(folder) as engine:
        reader = open_for_reading(folder)
        yield SqliteStore(MAP, reader, commit_with(engine))
        reader.close()


@contextmanager
def storage_process(folder: Path) -> Iterator[Store]:
    """As functions have it: reads here, writes through the storage process."""
    host = spawn(lambda there: storage.main(folder, MAP, there))
    assert host.recv() == [(0, "ready")]
    connection = open_for_reading(folder)
    try:
        yield SqliteStore(MAP, connection, partial(call, host, "transact"))
    finally:
        connection.close()
        host.close()


STORES: dict[str, Callable[[Path], AbstractContextManager[Store]]] = {
    "sqlite": sqlite_store,
    "storage-process": storage_process,
}


@dataclass
class QueueUnderTest:
    """A queue with `max_receives` 3, a visibility timeout of 30 s and a first retry delay of 1 s.

    `wait` lets that many seconds pass. `dead` lists the bodies of the dead letters with their errors.
    """

    queue: Queue
    wait: Callable[[float], None]
    dead: Callable[[], list[tuple[str, str]]]
    redrive: Callable[[], int]


@dataclass
class SqliteQueue:
    """The `Queue` port on one of the engine's queues."""

    engine: Engine
    name: str

    def send(self, bodies: Sequence[str]) -> None:
        with self.engine.group():
            for body in bodies:
                self.engine.queues.send(self.name, body)

    def receive(self, most: int) -> list[Message]:
        with self.engine.group():
            return self.engine.queues.receive(self.name, most)

    def settle(self, done: Sequence[str], failed: Sequence[Failure]) -> None:
        with self.engine.group():
            self.engine.queues.settle(self.name, done, failed)


@contextmanager
def sqlite_queue(folder: Path) -> Iterator[QueueUnderTest]:
    real, ahead = sqlite_queues.now_ms, 0.0

    def wait(seconds: float) -> None:
        nonlocal ahead
        ahead += seconds * 1000

    def redrive() -> int:
        with engine.group():
            return engine.queues.redrive("red-things", None)

    def dead() -> list[tuple[str, str]]:
        reader = open_for_reading(folder)
        letters = reader.execute(
            "SELECT body, error FROM dead_letters WHERE queue = 'red-things' ORDER BY id"
        ).fetchall()
        reader.close()
        return letters

    with sqlite_engine(folder) as engine:
        sqlite_queues.now_ms = lambda: real() + int(ahead)
        try:
            yield QueueUnderTest(SqliteQueue(engine, "red-things"), wait, dead, redrive)
        finally:
            sqlite_queues.now_ms = real


QUEUES: dict[str, Callable[[Path], AbstractContextManager[QueueUnderTest]]] = {"sqlite": sqlite_queue}


@dataclass
class BusUnderTest:
    """A bus whose rules carry `Red` of `test` to `red-things` and all of `test` to `all-things`."""

    bus: Bus
    arrived: Callable[[str], list[str]]  # the bodies that a queue holds, in the order sent


@dataclass
class SqliteBusInGroups:
    """The engine's bus, each call in a group of its own."""

    engine: Engine

    def publish(self, entries: Sequence[Envelope]) -> list[Rejected]:
        with self.engine.group():
            return self.engine.bus.publish(entries)


@contextmanager
def sqlite_bus(folder: Path) -> Iterator[BusUnderTest]:
    with sqlite_engine(folder) as engine:

        def arrived(queue: str) -> list[str]:
            with engine.group():
                return [message.body for message in engine.queues.receive(queue, 100)]

        yield BusUnderTest(SqliteBusInGroups(engine), arrived)


BUSES: dict[str, Callable[[Path], AbstractContextManager[BusUnderTest]]] = {"sqlite": sqlite_bus}
