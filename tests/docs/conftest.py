from collections.abc import Iterator

import pytest

from .checkout import Checkout, checkout


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    with checkout(tmp_path_factory.mktemp("checkout")) as here:
        yield here
