"""One use case, one transaction: the changed items, the events and the marks are stored together or not at all."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from . import metrics
from .clock import now
from .errors import Busy
from .events import Cause, Envelope, Event
from .outbox import outbox_row
from .store import ConditionFailed, Store, Write

Result = TypeVar("Result")

ATTEMPTS: Final = 8

Measured = tuple[metrics.Metric, float, dict[str, str]]


@dataclass
class UnitOfWork:
    """What one use case wants to change. It reads through `store`, collects, and is committed by its runner."""

    store: Store
    table: str
    cause: Cause
    writes: list[Write] = field(default_factory=list)
    events: list[Envelope] = field(default_factory=list)
    measured: list[Measured] = field(default_factory=list)

    def write(self, *writes: Write) -> None:
        self.writes.extend(writes)

    def emit(self, *events: Event) -> None:
        """Announce the facts, if and when the changes are stored."""
        moment = now()
        self.events.extend(Envelope.of(event, self.cause, moment) for event in events)

    def measure(self, metric: metrics.Metric, value: float = 1, **dimensions: str) -> None:
        """Record it if and when the changes are stored: what is tried again, or was done before, counts once."""
        self.measured.append((metric, value, dimensions))

    def all_writes(self, mark: Write | None = None) -> list[Write]:
        """The whole transaction. `mark` goes first, so that ConditionFailed tells whether the work was done before."""
        writes = [mark, *self.writes] if mark else list(self.writes)
        if self.events:
            writes.append(outbox_row(self.table, self.events))
        return writes

    def commit(self, mark: Write | None = None) -> None:
        """Store it all."""
        writes = self.all_writes(mark)
        if writes:
            self.store.transact(writes)
        record(self.measured)


def record(measured: list[Measured]) -> None:
    """What a unit of work measured, now that it is stored."""
    for metric, value, dimensions in measured:
        metrics.record(metric, value, **dimensions)


def run(
    store: Store,
    table: str,
    cause: Cause,
    work: Callable[[UnitOfWork], Result],
    mark: Callable[[Result], Write] | None = None,
) -> Result | None:
    """Do `work` and commit it with its mark; do it again, on fresh reads, when another writer was faster.

    Answers None when the mark was there already: the work had been done before, nothing is changed.
    Raises Busy when other writers were faster every time, and whatever `work` raises.
    """
    for attempt in range(ATTEMPTS):
        unit = UnitOfWork(store, table, cause)
        result = work(unit)
        try:
            unit.commit(mark(result) if mark else None)
            return result
        except ConditionFailed as conflict:
            if mark and 0 in conflict.failed:
                return None
            time.sleep(random.uniform(0, 0.002 * 2**attempt))
    raise Busy("Others are changing the same thing; try again.")
