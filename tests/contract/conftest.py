from collections.abc import Iterator

import pytest

from cartwheel.kernel.ids import new_id
from cartwheel.kernel.store import Store

from .adapters import BUSES, QUEUES, STORES, BusUnderTest, QueueUnderTest, memory_folder


@pytest.fixture(scope="module", params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Shared by a module's tests: each keeps to partitions of its own."""
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


@pytest.fixture(params=BUSES)
def bus(request: pytest.FixtureRequest) -> Iterator[BusUnderTest]:
    with memory_folder() as folder, BUSES[request.param](folder) as bus:
        yield bus
