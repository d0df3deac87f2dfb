from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.running import RunningShop, running_shop

from .people import Person


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """One for all tests here: each brings people of its own."""
    with running_shop(tmp_path_factory.mktemp("pool") / "shop", "--empty", trusted_proxies="127.0.0.1") as running:
        yield running


@pytest.fixture
def person(shop: RunningShop) -> Person:
    return Person(shop)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
