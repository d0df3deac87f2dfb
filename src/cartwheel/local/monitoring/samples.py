"""Figures that nobody reports: how much waits in the queues and in the outboxes, and for how long."""

import sqlite3
import time
from collections.abc import Iterator
from typing import Final

from cartwheel.kernel.ids import minted_at
from cartwheel.kernel.outbox import PREFIX, SHARDS
from cartwheel.kernel.own_metrics import OUTBOX_AGE
from cartwheel.kernel.platform_metrics import OLDEST, QUEUE, VISIBLE, dead_letters
from cartwheel.kernel.topology import App
from cartwheel.local.database import physical

from .figures import Key
from .tally import key_of

_WAITING: Final = "SELECT count(*) FILTER (WHERE visible_at <= ?1), min(sent_at) FROM messages WHERE queue = ?2"
_DEAD: Final = "SELECT count(*) FROM dead_letters WHERE queue = ?"


def samples(reader: sqlite3.Connection, app: App) -> Iterator[tuple[Key, float]]:
    """Every figure there is at this moment."""
    moment = time.time()
    for consumer in app.consumers:
        waiting, oldest = reader.execute(_WAITING, (int(moment * 1000), consumer.name)).fetchone()
        (dead,) = reader.execute(_DEAD, (consumer.name,)).fetchone()
        age = max(0.0, moment - oldest / 1000) if oldest else 0.0
        yield key_of(VISIBLE, {QUEUE: consumer.name}), waiting
        yield key_of(OLDEST, {QUEUE: consumer.name}), age
        yield key_of(VISIBLE, {QUEUE: dead_letters(consumer.name)}), dead
    for part in (each for each in app.slices if each.emits):
        yield key_of(OUTBOX_AGE, {"Slice": part.name}), _outbox_age(reader, part.table.name, moment)


def _outbox_age(reader: sqlite3.Connection, table: str, moment: float) -> float:
    """Seconds that the oldest event of the table has waited to be sent."""
    oldest = min(filter(None, (_oldest(reader, table, shard) for shard in range(SHARDS))), default=None)
    return max(0.0, moment - minted_at(oldest).timestamp()) if oldest else 0.0


def _oldest(reader: sqlite3.Connection, table: str, shard: int) -> str | None:
    query = f'SELECT min("outboxId") FROM {physical(table)} WHERE "outboxShard" = ?'  # noqa: S608 - a name of the map
    found: str | None = reader.execute(query, (f"{PREFIX}{shard}",)).fetchone()[0]
    return found
