"""The outbox: the events of a transaction are stored with it, finished, and sent by a relay afterwards.

    transact: items + outbox row ──► commit ──► relay: publish ──► delete row
                                       │ crash here: the row is still there, the sweeper finds it

All events of one transaction are in one row, because a table's stream keeps neither the order nor the
togetherness of the records of a transaction. A row is deleted only when the bus took every event in it.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .bus import Bus, Rejected
from .events import MAX_ENTRY_BYTES, Envelope
from .ids import new_id
from .store import MAX_TRANSACTION_ITEMS, Delete, InvalidWrite, Item, Key, Put, Query, Store, query_all

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


def unsent(store: Store, table: str) -> Iterable[Item]:
    """The rows no relay has sent yet, oldest first within each shard."""
    for shard in range(SHARDS):
        yield from query_all(store, Query(table, f"{PREFIX}{shard}", index=INDEX))


@dataclass(frozen=True, slots=True)
class Relayed:
    """The outcome of a relay run: rows fully sent, and the entries the bus refused."""

    sent: int
    rejected: list[Rejected]


def relay(store: Store, bus: Bus, table: str, rows: Sequence[Item]) -> Relayed:
    """Publish the events of the rows, then delete the rows that were taken whole.

    A row with a rejected entry stays, so its other events are sent again later: consumers know the second delivery.
    """
    entries = [(row["PK"], Envelope.parse(event)) for row in rows for event in row["events"]]
    rejected = bus.publish([envelope for _, envelope in entries])
    kept = {entries[rejection.position][0] for rejection in rejected}
    sent = [row for row in rows if row["PK"] not in kept]
    for chunk in range(0, len(sent), MAX_TRANSACTION_ITEMS):
        keys = [Key(row["PK"], row["SK"]) for row in sent[chunk : chunk + MAX_TRANSACTION_ITEMS]]
        store.transact([Delete(table, key) for key in keys])
    return Relayed(len(sent), rejected)
