from collections.abc import Iterator
from pathlib import Path

import pytest

from cartwheel.kernel.store import Store
from tests.contract.adapters import memory_folder, sqlite_store

from .world import Clients


@pytest.fixture
def store() -> Iterator[Store]:
    """What lies behind the port is tested elsewhere; this one is quick."""
    with memory_folder() as folder, sqlite_store(folder) as store:
        yield store


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch, store: Store) -> Clients:
    """Takes the place of botocore's clients, and of the table."""
    made = Clients()
    monkeypatch.setattr("cartwheel.aws.clients.client", made.client)
    monkeypatch.setattr("cartwheel.aws.business.open_store", lambda deployment: store)
    monkeypatch.setattr("cartwheel.aws.relay.open_store", lambda deployment: store)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
