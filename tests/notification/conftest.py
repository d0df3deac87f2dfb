from collections.abc import Iterator
from pathlib import Path

import pytest

from cartwheel.kernel.settings import Settings
from tests.support.shop import Shop

from .sink import Sink, running


@pytest.fixture
def sink() -> Iterator[Sink]:
    with running(Sink()) as sink:
        yield sink


@pytest.fixture
def mailing(tmp_path: Path, sink: Sink) -> Iterator[Shop]:
    """A shop that has a mail server."""
    shop = Shop(tmp_path, Settings(smtp_url=f"smtp://127.0.0.1:{sink.port}"))
    yield shop
    shop.close()
