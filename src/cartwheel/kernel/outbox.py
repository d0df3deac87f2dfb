"""The outbox: the events of a transaction are stored with it, finished, and sent by a relay afterwards.

    transact: items + outbox row ──► commit ──► relay: publish ──► delete row
                                       │ crash here: the row is still there, the sweeper finds it

All events of one transaction are in one row, because a table's stream keeps neither the order nor the
togetherness of the records of a transaction. A row is deleted only when the bus took every event in it.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import merge
from operator import itemgetter
from typing import Any, Final

from .envelope import MAX_ENTRY_BYTES, Envelope
from .ids import floor, new_id
from .store import InvalidWrite, Item, Put, Query, Store, query_all

INDEX: Final = "outbox"
PREFIX: Final = "OUTBOX#"
SHARDS: Final = 4


def outbox_row(table: str, events: Sequence[Envelope]) -> Put:
    """The row that carries the events. The sparse index lists unsent rows by age, sharded to keep no key hot."""
    row_id = new_id()
    key = PREFIX + row_id
    shard = f"{PREFIX}{int(row_id[-1], 16) % SHARDS}"
    row = {"PK": key, "SK": key, "outboxShard": shard, "outboxId": row_id, "events": [_entry(e) for e in events]}
    return Put(table, row)


def _entry(event: Envelope) -> dict[str, Any]:
    """Raises InvalidWrite for one that no bus would take: stored, it would be sent again for ever."""
    entry = event.to_dict()
    if len(json.dumps(entry, separators=(",", ":")).encode()) > MAX_ENTRY_BYTES:
        raise InvalidWrite(f"{event.detail_type} is larger than the {MAX_ENTRY_BYTES} bytes a bus takes")
    return entry


def unsent(store: Store, table: str, before: datetime | None = None) -> Iterator[Item]:
    """The rows no relay has sent yet, or those of them that were stored before a moment; the oldest first."""
    between = ("0", floor(before)) if before else None
    queries = [Query(table, f"{PREFIX}{shard}", index=INDEX, between=between) for shard in range(SHARDS)]
    return merge(*(query_all(store, query) for query in queries), key=itemgetter("outboxId"))
