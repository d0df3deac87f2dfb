import io
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer

from cartwheel.kernel import telemetry
from tests.support import needs
from tests.support.ministack import ministack as running_ministack
from tests.support.shop import Shop
from tests.turns import Turns


def pytest_configure() -> None:
    """Who starts the tests in the background of a script may have made them deaf to Ctrl-C, and so what they start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Turns | None:
    return Turns(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session", autouse=True)
def _handlers_read_what_they_declare() -> Iterator[None]:
    with needs.watched():
        yield


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.close()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged meanwhile."""
    lines, handler = io.StringIO(), telemetry.logger.registered_handler
    before = handler.setStream(lines)  # type: ignore[attr-defined]
    yield lines
    handler.setStream(before)  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def ministack() -> Iterator[str]:
    """The endpoint of a stand-in for AWS, shared by all tests of the process: each keeps to tables of its own."""
    with running_ministack() as running:
        yield running.endpoint
