"""The relay of the outbox: publish the events of its rows, then delete the rows that the bus took whole.

    row 1 (order A) ──┐
    row 2 (order B) ──┴─► publish ─► refused entries again, after a pause ─► delete what was taken
    row 3 (order A) ─────────────── waits, and stays where it is when row 1 has to ───────────────►

Nobody shall hear of a thing's last state before its first, so of one subject one row at a time is on its way.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .bus import Bus
from .envelope import Envelope
from .store import Delete, Item, Key, Store


@dataclass(frozen=True, slots=True)
class Relayed:
    """The outcome of a relay run: how many rows are sent and gone, and why the others are not, by their PK."""

    sent: int
    failed: dict[str, str]


def relay(store: Store, bus: Bus, table: str, rows: Sequence[Item], pauses: Sequence[float] = ()) -> Relayed:
    """Send the rows in their order. What the bus refuses is offered again after each of the pauses (seconds).

    A row with an entry that is refused to the end stays, to be sent again later, whole: consumers know the second
    delivery. Later rows about the same subject stay with it.
    """
    run = _Run(bus, pauses)
    waiting: Iterable[Item] = rows
    while waiting:
        waiting = run.wave(waiting)
    deletes = [[Delete(table, Key(row["PK"], row["SK"]))] for row in run.taken]
    outcomes = store.transact_each(deletes) if deletes else []
    for row, refused in zip(run.taken, outcomes, strict=True):
        if refused:
            run.failed[row["PK"]] = f"sent, but not deleted: {refused}"
    return Relayed(len(rows) - len(run.failed), run.failed)


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A row with the events in it, and the things they are about."""

    row: Item
    envelopes: list[Envelope]
    subjects: set[str]

    @classmethod
    def of(cls, row: Item) -> "_Parcel":
        """Raises ValueError for a row that holds no events."""
        try:
            envelopes = [Envelope.parse(event) for event in row["events"]]
            return cls(row, envelopes, {each.subject for each in envelopes if each.subject is not None})
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"not a row of events: {type(error).__name__}") from None


@dataclass
class _Run:
    bus: Bus
    pauses: Sequence[float]
    taken: list[Item] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    _stuck: set[str] = field(default_factory=set)  # the subjects of failed rows

    def wave(self, rows: Iterable[Item]) -> list[Item]:
        """Publish the first row of every subject; answers the rows that have to wait for the next wave."""
        parcels, waiting, busy = list[_Parcel](), list[Item](), set[str]()
        for row in rows:
            try:
                parcel = _Parcel.of(row)
            except ValueError as error:
                self.failed[row["PK"]] = str(error)
                continue
            if parcel.subjects & self._stuck:
                self._fail(parcel, "held back: an earlier event about the same was not taken")
            elif parcel.subjects & busy:
                waiting.append(row)
            else:
                parcels.append(parcel)
            busy |= parcel.subjects
        self._publish(parcels)
        return waiting

    def _publish(self, parcels: list[_Parcel]) -> None:
        pending = [(at, envelope) for at, parcel in enumerate(parcels) for envelope in parcel.envelopes]
        reasons: dict[int, str] = {}
        for pause in (None, *self.pauses):
            if pause:
                time.sleep(pause)
            rejected = self.bus.publish([envelope for _, envelope in pending])
            reasons = {pending[each.position][0]: each.reason for each in rejected}
            pending = [pending[each.position] for each in rejected]
            if not pending:
                break
        for at, parcel in enumerate(parcels):
            if at in reasons:
                self._fail(parcel, reasons[at])
            else:
                self.taken.append(parcel.row)

    def _fail(self, parcel: _Parcel, reason: str) -> None:
        self.failed[parcel.row["PK"]] = reason
        self._stuck |= parcel.subjects
