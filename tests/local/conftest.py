from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.adapters import memory_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder."""
    with memory_folder() as folder:
        yield folder
