"""Many buy the same thing at the same moment, in threads that really race for it."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from cartwheel.inventory import service
from cartwheel.inventory.events import StockLow, StockRejected, StockReserved
from cartwheel.kernel.events import Cause
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.store import Item, Key, Page, Query, Store, Write
from cartwheel.kernel.unit_of_work import run
from cartwheel.ordering.events import OrderedLine, OrderPlaced
from tests.inventory.orders import PAYMENT, counted, deliver, pieces
from tests.support.shop import Shop
from tests.support.store import Wrapped

BUYERS, PIECES = 200, 20


class _Shared(Wrapped):
    """One SQLite connection for many threads: each call by itself is exclusive, what is between them is not."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._lock = threading.Lock()

    def get(self, table: str, key: Key) -> Item | None:
        with self._lock:
            return super().get(table, key)

    def query(self, query: Query) -> Page:
        with self._lock:
            return super().query(query)

    def transact(self, writes: Sequence[Write]) -> None:
        with self._lock:
            super().transact(writes)


def test_200_people_buy_the_last_20_pieces(shop: Shop) -> None:
    deliver(shop, counted("tea", PIECES))
    store = _Shared(shop.store)

    def buy(number: int) -> None:
        lines = [OrderedLine(sku="tea", quantity=1)]
        order = OrderPlaced(order_id=f"o{number}", lines=lines, payment=PAYMENT)
        lifetime = Settings.duration(60)
        run(store, "inventory", Cause(new_id(), new_id()), lambda unit: service.reserve(unit, order, lifetime))

    with ThreadPoolExecutor(16) as crowd:
        list(crowd.map(buy, range(BUYERS)))
    assert pieces(shop, "tea") == (0, PIECES)
    assert len(shop.events(StockReserved)) == PIECES
    assert len(shop.events(StockRejected)) == BUYERS - PIECES
    assert shop.events(StockLow) == [StockLow(sku="tea", available=5)]
