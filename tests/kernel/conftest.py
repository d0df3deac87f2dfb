from collections.abc import Iterator
from pathlib import Path

import pytest

from cartwheel.kernel.store import Store
from cartwheel.local.database import open_for_reading
from cartwheel.local.engine import Engine
from cartwheel.local.store import SqliteStore
from tests.contract.adapters import MAP, commit_with, memory_folder, sqlite_engine

from .shelf import Shelf


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as folder:
        yield folder


@pytest.fixture
def engine(folder: Path) -> Iterator[Engine]:
    with sqlite_engine(folder) as engine:
        yield engine


@pytest.fixture
def store(engine: Engine, folder: Path) -> Iterator[Store]:
    """The engine's items, as a function has them."""
    reader = open_for_reading(folder)
    yield SqliteStore(MAP, reader, commit_with(engine))
    reader.close()


@pytest.fixture
def shelf(store: Store) -> Shelf:
    return Shelf(store)
