"""The ledger table: `EVENT#<eventId>`, and the index `by-type`, where a type's events are in the order of time.

    EVENTS#2026-11#0#order_placed   …  time#id  time#id …  ┐
    EVENTS#2026-11#1#order_placed   …  time#id  time#id …  ├─ merged by time, month after month
    EVENTS#2026-11#7#order_placed   …  time#id  time#id …  ┘

The hash of the id picks the shard, so however many events come at once, no key takes them all; the month keeps what is
read small. A range of a year is at most 13 × 8 partitions, also when most of them are empty.
"""

from collections.abc import Iterator
from datetime import timedelta
from heapq import merge
from itertools import dropwhile
from operator import itemgetter
from typing import Final

from cartwheel.kernel.clock import epoch, now
from cartwheel.kernel.conditions import NotExists
from cartwheel.kernel.envelope import Envelope
from cartwheel.kernel.store import EXPIRES, Item, Put, Query, Store, query_all

from .model import SHARDS, Recorded, months, partition

TABLE: Final = "ledger"
INDEX: Final = "by-type"
KEPT: Final = timedelta(days=366)


def add(envelope: Envelope) -> Put:
    """Store an event; fails when it is there. Raises ValueError for one that has no time."""
    event = Recorded.of(envelope)
    key = f"EVENT#{event.event_id}"
    item = {"PK": key, "SK": key, **event.model_dump(by_alias=True), EXPIRES: epoch(now() + KEPT)}
    return Put(TABLE, item | {"typeShard": event.partition, "typeKey": event.position}, NotExists())


def in_order(store: Store, detail_type: str, start: str, end: str, after: str, page: int) -> Iterator[Recorded]:
    """The events of a type from `start` on and before `end` (times), those behind the position `after`, oldest first.

    About `page` of them are read at a time.
    """
    lowest = max(start, after)
    for month in months(lowest[:7], end[:7]):
        shards = [_shard(store, partition(detail_type, month, shard), lowest, end, page) for shard in range(SHARDS)]
        items = merge(*shards, key=itemgetter("typeKey"))
        yield from map(Recorded.model_validate, dropwhile(lambda item: item["typeKey"] <= after, items))


def _shard(store: Store, key: str, lowest: str, end: str, page: int) -> Iterator[Item]:
    """What is at `end` has the time and its id behind it as its position, and so is not in the range."""
    limit = max(2, 2 * page // SHARDS)
    return query_all(store, Query(TABLE, key, index=INDEX, between=(lowest, end), limit=limit))
