from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.payment.world import World, world

MakeWorld = Callable[[str | None], World]


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[MakeWorld]:
    """Makes a world for a token, as often as a test likes."""
    with ExitStack() as worlds:
        made = 0

        def make(token: str | None = None) -> World:
            nonlocal made
            made += 1
            return worlds.enter_context(world(tmp_path / str(made), token))

        yield make
