"""The payment table: `PAYMENT#<orderId>`, one item per order; the pending ones are in the index `by-due`.

The built-in provider keeps its memory here too, as `PROVIDER#<key>`; only `sandbox.py` touches that.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.conditions import Equals, NotExists
from cartwheel.kernel.store import Key, Put, Query, Scan, Store

from .model import Payment

TABLE: Final = "payment"
SHARDS: Final = 4


def _key(order_id: str) -> Key:
    return Key(f"PAYMENT#{order_id}", f"PAYMENT#{order_id}")


def read(store: Store, order_id: str) -> Payment | None:
    item = store.get(TABLE, _key(order_id))
    return Payment.model_validate(item) if item else None


def save(payment: Payment) -> Put:
    """Store it, unless another writer was faster than this version."""
    key = _key(payment.order_id)
    item = {"PK": key.pk, "SK": key.sk, **payment.model_dump(mode="json", by_alias=True, exclude_none=True)}
    if payment.due_at:
        shard = int(payment.order_id[-1], 16) % SHARDS
        item |= {"dueShard": f"DUE#{shard}", "dueKey": f"{payment.due_at}#{payment.order_id}"}
    return Put(TABLE, item, Equals("version", payment.version - 1) if payment.version > 1 else NotExists())


def due(store: Store, moment: datetime, limit: int) -> Iterator[Payment]:
    """The pending payments it is time to ask about, the longest due first, at most `limit` of each shard."""
    for shard in range(SHARDS):
        query = Query(TABLE, f"DUE#{shard}", index="by-due", between=("0", timestamp(moment) + "~"), limit=limit)
        yield from (Payment.model_validate(item) for item in store.query(query).items)


def all_payments(cursor: str | None) -> Scan:
    return Scan(TABLE, "PAYMENT#", cursor=cursor)
