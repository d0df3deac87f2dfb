"""The ledger table: `EVENT#<eventId>`, and three indexes, in each of which events are in the order of time.

    by-type         EVENTS#2026-11#0#order_placed   …  time#id  time#id …  ┐
                    EVENTS#2026-11#1#order_placed   …  time#id  time#id …  ├─ merged by time, month after month
                    EVENTS#2026-11#7#order_placed   …  time#id  time#id …  ┘
    by-subject      <the order's id>                …  time#id  time#id …
    by-correlation  <the request's id>              …  time#id  time#id …

The hash of the id picks the shard, so however many events of a type come at once, no key takes them all; the month
keeps what is read small. A range of a year is at most 13 × 8 partitions, also when most of them are empty. Of one thing
and of one request there is no more than one key can take.
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
KEPT: Final = timedelta(days=366)
BEGINNING: Final = "0"  # before every time
NEVER: Final = ":"  # behind every time
PAGE: Final = 100
NEW: Final = NotExists()  # one for all: a batch of events goes to the writer in one message, which then holds it once


def add(envelope: Envelope) -> Put:
    """Store an event; fails when it is there. Raises ValueError for one that has no time."""
    event = Recorded.of(envelope)
    names = {"subject": event.subject, "correlationId": event.correlation_id, "causationId": event.causation_id}
    item = {
        "PK": f"EVENT#{event.event_id}",
        "SK": "EVENT",  # short, since every index repeats it
        "typeShard": event.partition,
        "position": event.position,  # holds time and id
        "source": event.source,
        "detailType": event.detail_type,
        "detail": event.detail,
        EXPIRES: epoch(now() + KEPT),
    }
    return Put(TABLE, item | {name: value for name, value in names.items() if value}, NEW)


def in_order(
    store: Store, detail_type: str, start: str, end: str, after: str = "", page: int = PAGE
) -> Iterator[Recorded]:
    """The events of a type from `start` on and before `end` (times), those behind the position `after`, oldest first.

    About `page` of them are read at a time.
    """
    limit = max(2, 2 * page // SHARDS)
    for month in months(max(start, after)[:7], end[:7]):
        keys = [partition(detail_type, month, shard) for shard in range(SHARDS)]
        shards = [_items(store, "by-type", key, start, end, after, limit) for key in keys]
        yield from map(_event, merge(*shards, key=itemgetter("position")))


def of_subject(
    store: Store, subject: str, after: str = "", start: str = BEGINNING, end: str = NEVER, page: int = PAGE
) -> Iterator[Recorded]:
    """The events about one thing, such as an order, in the same way; without times it is all of them."""
    return map(_event, _items(store, "by-subject", subject, start, end, after, page))


def of_correlation(
    store: Store, correlation_id: str, after: str = "", start: str = BEGINNING, end: str = NEVER, page: int = PAGE
) -> Iterator[Recorded]:
    """The events that go back to one request, in the same way."""
    return map(_event, _items(store, "by-correlation", correlation_id, start, end, after, page))


def _items(store: Store, index: str, key: str, start: str, end: str, after: str, limit: int) -> Iterator[Item]:
    """What is at `end` has the time and its id behind it as its position, and so is not in the range."""
    found = query_all(store, Query(TABLE, key, index=index, between=(max(start, after), end), limit=limit))
    return dropwhile(lambda item: item["position"] <= after, found)


def _event(item: Item) -> Recorded:
    time, _, event_id = item["position"].partition("#")
    return Recorded(
        event_id=event_id,
        source=item["source"],
        detail_type=item["detailType"],
        time=time,
        detail=item["detail"],
        subject=item.get("subject"),
        correlation_id=item.get("correlationId"),
        causation_id=item.get("causationId"),
    )
