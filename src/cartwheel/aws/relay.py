"""The outbox's way out on Lambda: a slice's rows are sent as its table's stream tells of them.

    transaction ──► row ──► stream ──► this function ──► bus, row deleted
                     └── older than a minute ──► this function, by schedule: the sweeper

Both may have the same row at a time, and a stream repeats all from the first failed record on: then an event goes out
twice, with one id, by which its consumers know it. The rest is the kernel's relay.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any, Final

from cartwheel.kernel import metrics, telemetry
from cartwheel.kernel.bus import Bus, Rejected
from cartwheel.kernel.clock import now
from cartwheel.kernel.envelope import Envelope
from cartwheel.kernel.ids import minted_at
from cartwheel.kernel.outbox import PREFIX, unsent
from cartwheel.kernel.own_metrics import OUTBOX_AGE, RELAY_LAG
from cartwheel.kernel.relay import Relayed, relay
from cartwheel.kernel.store import Item, Store

from . import clients
from .attributes import from_attributes
from .bus import EventBridgeBus
from .cold_start import Handler, at_cold_start
from .deployment import Deployment
from .own_table import open_store

PAUSES: Final = (0.1, 0.4)  # seconds before what the bus refused is offered again
AGE: Final = timedelta(seconds=60)  # from which on the sweeper minds a row
SWEPT: Final = 500  # rows at most in one run: the next one is soon

Record = dict[str, Any]  # of the stream


class Unsent(Exception):
    """Rows are older than they should ever get, and could not be sent now either; the log says why."""


def make(deployment: Deployment) -> Handler:
    relayer = Relayer(open_store(deployment), deployment.table, deployment.need("bus_name"))

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        telemetry.begin(deployment.function, context.aws_request_id)
        return relayer.stream(event["Records"]) if "Records" in event else relayer.sweep()

    return handle


@dataclass(frozen=True)
class Dated:
    """The bus, for events that tell when they left the outbox: EventBridge itself keeps whole seconds."""

    bus: Bus

    def publish(self, entries: Sequence[Envelope]) -> list[Rejected]:
        moment = now()
        return self.bus.publish([entry.relayed(moment) for entry in entries])


class Relayer:
    """The two ways in."""

    def __init__(self, store: Store, table: str, bus_name: str) -> None:
        self._store = store
        self._table = table
        self._bus = Dated(EventBridgeBus(clients.client("events"), bus_name))

    def stream(self, records: list[Record]) -> dict[str, Any]:
        """Send the new rows; the answer names the records that failed, from the first of which the stream repeats."""
        rows: dict[str, Item] = {}  # by sequence number, in order
        failed: set[str] = set()
        for record in records:
            number = record["dynamodb"]["SequenceNumber"]
            try:
                row = _row(record)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                telemetry.error("not a record of a row", record=number, error=type(error).__name__)
                failed.add(number)
            else:
                rows |= {number: row} if row else {}
        kept = self._relay(list(rows.values())).failed
        failed |= {number for number, row in rows.items() if row["PK"] in kept}
        numbers = (record["dynamodb"]["SequenceNumber"] for record in records)
        return {"batchItemFailures": [{"itemIdentifier": number} for number in numbers if number in failed]}

    def sweep(self) -> dict[str, Any]:
        """Send the rows that the stream should have brought long ago. Raises Unsent, so that it is noticed."""
        rows = list(islice(unsent(self._store, self._table, before=now() - AGE), SWEPT))
        if rows:
            metrics.record(OUTBOX_AGE, _age(rows[0]), Slice=self._table)
        relayed = self._relay(rows)
        if relayed.failed:
            raise Unsent(f"{len(relayed.failed)} of {len(rows)} rows")
        return {"sent": relayed.sent}

    def _relay(self, rows: list[Item]) -> Relayed:
        relayed = relay(self._store, self._bus, self._table, rows, PAUSES)
        for key, reason in relayed.failed.items():
            telemetry.error("row not sent", row=key, error=reason)
        if relayed.sent:
            telemetry.info("relayed", rows=relayed.sent)
            metrics.record(RELAY_LAG, 1000 * max(_age(row) for row in rows if row["PK"] not in relayed.failed))
        return relayed


def _age(row: Item) -> float:
    """Seconds since the row was stored."""
    return (now() - minted_at(row["outboxId"])).total_seconds()


def _row(record: Record) -> Item | None:
    """The new outbox row that the record tells of; None where it tells of something else."""
    if record["eventName"] != "INSERT" or not record["dynamodb"]["Keys"]["PK"]["S"].startswith(PREFIX):
        return None
    return from_attributes(record["dynamodb"]["NewImage"])


__getattr__ = at_cold_start(make)
