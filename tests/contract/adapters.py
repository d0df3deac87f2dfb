"""Every adapter of the ports, made ready for the suites: a new one is a line in `STORES`, `QUEUES` or `BUSES`.

`DEVIATIONS` lists where a stand-in for AWS is known to behave otherwise than AWS documents.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Protocol

from botocore.session import Session

from cartwheel.aws.clients import CONFIG
from cartwheel.aws.store import DynamoStore
from cartwheel.aws.tables import DynamoTable
from cartwheel.kernel.bus import Bus, Entrance, Entry, Rejected
from cartwheel.kernel.events import Envelope
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.queue import Failure, Message, Queue
from cartwheel.kernel.store import MAX_INTEGER, Store, StoreError
from cartwheel.kernel.topology import App, Consumer, Function, Index, Slice, Table, access
from cartwheel.local import queues as sqlite_queues
from cartwheel.local import storage
from cartwheel.local.channel import call
from cartwheel.local.database import open_for_reading, open_for_writing
from cartwheel.local.engine import Engine
from cartwheel.local.host import spawn
from cartwheel.local.items import Prepared
from cartwheel.local.letters import Selection, Step
from cartwheel.local.store import Commit, SqliteStore

THINGS = "things"
OTHERS = "others"
CREDENTIALS: Final = {"region_name": "eu-west-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}


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


@contextmanager
def dynamo_client(endpoint: str) -> Iterator[Any]:
    client = Session().create_client("dynamodb", endpoint_url=endpoint, config=CONFIG, **CREDENTIALS)
    yield client
    client.close()


@contextmanager
def dynamo_store(client: Any) -> Iterator[Store]:
    """On tables of its own, made as the infrastructure makes them."""
    tables = {table.name: DynamoTable(f"{table.name}-{new_id()}", _indexes(table)) for table in MAP.tables}
    for table in tables.values():
        client.create_table(**_definition(table))
    try:
        yield DynamoStore(client, tables)
    finally:
        for table in tables.values():
            client.delete_table(TableName=table.name)


def _indexes(table: Table) -> dict[str, tuple[str, str]]:
    return {index.name: (index.partition, index.sort) for index in table.all_indexes}


def _definition(table: DynamoTable) -> dict[str, Any]:
    attributes = sorted({"PK", "SK", *table.indexed})
    indexes = [
        {"IndexName": name, "KeySchema": _key_schema(*key), "Projection": {"ProjectionType": "ALL"}}
        for name, key in table.indexes.items()
    ]
    return {
        "TableName": table.name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in attributes],
        "KeySchema": _key_schema("PK", "SK"),
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
    }


def _key_schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


STORES: dict[str, Callable[[Path], AbstractContextManager[Store]]] = {
    "sqlite": sqlite_store,
    "storage-process": storage_process,
}

# What the store on DynamoDB is tried against: the names of fixtures. MiniStack always; and whatever else answers as
# DynamoDB does, where the variable names its endpoint. Amazon's own DynamoDB Local is not started here: its licence
# allows only those to use it who have an AWS account.
OTHER_DYNAMODB: Final = "CARTWHEEL_TEST_DYNAMODB"
ENDPOINTS: Final = ("ministack", *(["other_dynamodb"] if OTHER_DYNAMODB in os.environ else []))

# The tests that a stand-in for AWS does not pass, and why it is not the adapter's fault.
DEVIATIONS: Final = {
    "test_a_transaction_has_at_most_4_megabytes[ministack-two bytes each]": (
        "DynamoDB documents a limit of 4 MB for the items; MiniStack counts the request with each é as \\u00e9"
    ),
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
            return len(engine.queues.redrive(Step(Selection("red-things"), 0, MAX_INTEGER, 100, "the-staff")).sent)

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


class Port(Bus, Entrance, Protocol):
    """An adapter of both ports."""


@dataclass
class BusUnderTest:
    """A bus whose rules carry `Red` of `test` to `red-things` and all of `test` to `all-things`."""

    bus: Port
    arrived: Callable[[str], list[str]]  # the bodies that a queue holds, in the order sent


@dataclass
class SqliteBusInGroups:
    """The engine's bus, each call in a group of its own."""

    engine: Engine

    def publish(self, entries: Sequence[Envelope]) -> list[Rejected]:
        with self.engine.group():
            return self.engine.bus.publish(entries)

    def put(self, entry: Entry) -> str:
        with self.engine.group():
            return self.engine.bus.put(entry)


@contextmanager
def sqlite_bus(folder: Path) -> Iterator[BusUnderTest]:
    with sqlite_engine(folder) as engine:

        def arrived(queue: str) -> list[str]:
            with engine.group():
                return [message.body for message in engine.queues.receive(queue, 100)]

        yield BusUnderTest(SqliteBusInGroups(engine), arrived)


BUSES: dict[str, Callable[[Path], AbstractContextManager[BusUnderTest]]] = {"sqlite": sqlite_bus}
