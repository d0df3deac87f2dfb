import os
from collections.abc import Iterator

import pytest

from cartwheel.kernel.ids import new_id
from cartwheel.kernel.store import Store

from .adapters import (
    BUSES,
    DEVIATIONS,
    ENDPOINTS,
    OTHER_DYNAMODB,
    QUEUES,
    STORES,
    BusUnderTest,
    QueueUnderTest,
    dynamo_client,
    dynamo_store,
    memory_folder,
)
from .eventbridge import eventbridge_bus


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.name in DEVIATIONS:
            item.add_marker(pytest.mark.xfail(reason=DEVIATIONS[item.name], strict=True))


@pytest.fixture(scope="session")
def other_dynamodb() -> str:
    return os.environ[OTHER_DYNAMODB]


@pytest.fixture(scope="module", params=[*STORES, *ENDPOINTS])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Shared by a module's tests: each keeps to partitions of its own."""
    if request.param in ENDPOINTS:
        with dynamo_client(request.getfixturevalue(request.param)) as client, dynamo_store(client) as store:
            yield store
    else:
        with memory_folder() as folder, STORES[request.param](folder) as store:
            yield store


@pytest.fixture
def pk() -> str:
    """A partition of the test's own."""
    return new_id()


@pytest.fixture(params=QUEUES)
def queue(request: pytest.FixtureRequest) -> Iterator[QueueUnderTest]:
    with memory_folder() as folder, QUEUES[request.param](folder) as queue:
        yield queue


@pytest.fixture(params=[*BUSES, "ministack"])
def bus(request: pytest.FixtureRequest) -> Iterator[BusUnderTest]:
    if request.param in BUSES:
        with memory_folder() as folder, BUSES[request.param](folder) as bus:
            yield bus
    else:
        with eventbridge_bus(request.getfixturevalue(request.param)) as bus:
            yield bus
