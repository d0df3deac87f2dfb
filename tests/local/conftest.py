from collections.abc import Iterator
from pathlib import Path

import pytest

from cartwheel.local import queues as sqlite_queues
from cartwheel.local.database import open_for_writing
from tests.contract.adapters import MAP, memory_folder
from tests.support.letterbox import Clock, Letterbox


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder."""
    with memory_folder() as folder:
        yield folder


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(sqlite_queues, "now_ms", lambda: clock.now)
    return clock


@pytest.fixture
def letterbox(folder: Path, clock: Clock) -> Iterator[Letterbox]:
    connection = open_for_writing(folder, MAP)
    yield Letterbox(connection, clock)
    connection.close()
