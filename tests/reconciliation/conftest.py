from collections.abc import Iterator
from pathlib import Path

import pytest

from cartwheel.kernel.settings import Settings
from tests.basket import goods
from tests.reconciliation.world import staff
from tests.support.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Ten mugs are sold here; what has not changed for a millisecond is settled."""
    shop = Shop(tmp_path, Settings(reconciliation_grace=0.001))
    goods.sell(shop, mug=850)
    staff(shop, "PUT", "/stock/mug", {"quantity": 10})
    shop.drain()
    yield shop
    shop.close()
