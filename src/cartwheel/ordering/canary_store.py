"""What the canary remembers from one run to the next: one item of ordering's table."""

from typing import Final

from cartwheel.kernel.conditions import Equals, NotExists
from cartwheel.kernel.schema import Record
from cartwheel.kernel.store import Key, Put, Store

from .store import TABLE

KEY: Final = Key("CANARY", "CANARY")


class Errand(Record):
    """The purchase that is not undone yet. Until `busy_until` a run is at it; then that run has died."""

    version: int = 0
    busy_until: str = ""
    basket_id: str | None = None
    order_id: str | None = None


def read(store: Store) -> Errand:
    item = store.get(TABLE, KEY)
    return Errand.model_validate(item) if item else Errand()


def save(errand: Errand) -> Put:
    """In the place of the version before it: of two runs at once one gets through."""
    item = {"PK": KEY.pk, "SK": KEY.sk, **errand.model_dump(by_alias=True, exclude_none=True)}
    return Put(TABLE, item, Equals("version", errand.version - 1) if errand.version > 1 else NotExists())
