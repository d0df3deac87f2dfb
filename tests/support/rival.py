"""A rival who is always faster: between what a use case reads and what it writes, somebody else writes first."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from cartwheel.kernel.store import Store, Write
from tests.support.shop import Shop
from tests.support.store import Wrapped


class _Overtaken(Wrapped):
    """The store, except that before its first transaction the rival acts."""

    def __init__(self, store: Store, rival: Callable[[Store], None]) -> None:
        super().__init__(store)
        self._rival: Callable[[Store], None] | None = rival

    def transact(self, writes: Sequence[Write]) -> None:
        rival, self._rival = self._rival, None
        if rival:
            rival(self.store)
        super().transact(writes)


@contextmanager
def rival(shop: Shop, acts: Callable[[Store], None]) -> Iterator[None]:
    """Inside, the shop's next transaction is overtaken by what `acts` does with the store."""
    honest = shop.store
    shop.store = _Overtaken(honest, acts)
    try:
        yield
    finally:
        shop.store = honest
