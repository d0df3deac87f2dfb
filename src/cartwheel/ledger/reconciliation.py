"""Reconciliation: it is begun here, here facts are held against the recorded events, and here what all find is told."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.errors import NotFound
from cartwheel.kernel.ids import is_id, new_id
from cartwheel.kernel.store import Store
from cartwheel.kernel.unit_of_work import UnitOfWork

from . import runs, store
from .events import DiscrepancyFound, Finding, Kind, ReconciliationRequested, Repair, StatedFact
from .runs import Run

USUAL: Final = timedelta(days=2)  # how far back a run looks; each day is looked at twice
BEGINNING: Final = "1970-01-01T00:00:00.000Z"


class Behind(Exception):
    """The ledger has not recorded this run's own beginning, so it cannot tell what is missing: try again later."""


def start(unit: UnitOfWork, moment: datetime, grace: timedelta, everything: bool = False) -> Run:
    """Ask everybody to state and to compare, what changed in the last two days or ever."""
    since = BEGINNING if everything else timestamp(moment - USUAL)
    run = Run(run_id=new_id(), started_at=timestamp(moment), since=since, until=timestamp(moment - grace))
    unit.write(runs.begin(run))
    unit.emit(ReconciliationRequested(run_id=run.run_id, since=run.since, until=run.until))
    return run


def find(reader: Store, run_id: str) -> Run:
    """Raises NotFound."""
    run = runs.find(reader, run_id) if is_id(run_id) else None
    if run is None:
        raise NotFound("There is no reconciliation of this id; they are kept for 30 days.")
    return run


def check(
    unit: UnitOfWork, run_id: str, things: Sequence[tuple[str, Sequence[StatedFact]]], repair: Repair
) -> list[Finding]:
    """Facts that others live by, and whose events were not recorded. Raises Behind."""
    findings = [finding for about, facts in things for finding in _missing(unit.store, about, facts, repair)]
    if findings and not any(store.of_subject(unit.store, run_id)):
        raise Behind("the ledger has not recorded the beginning of this run yet: see the queue ledger-events")
    return findings


def _missing(reader: Store, about: str, facts: Sequence[StatedFact], repair: Repair) -> list[Finding]:
    """Only where an event before it was recorded: the ledger may be younger than the fact, or have forgotten it."""
    recorded = list(store.of_subject(reader, about))
    types = {event.detail_type for event in recorded}
    return [
        Finding(kind=Kind.FACT_WITHOUT_EVENT, about=about, expected=fact.type, found="none", repair=repair)
        for fact in facts
        if fact.type not in types and any(event.time < fact.at for event in recorded)
    ]


def report(
    unit: UnitOfWork, run_id: str, what: str, who: str, findings: Sequence[Finding], parts: int | None = None
) -> None:
    """Tell each finding, and count the part as compared."""
    unit.write(runs.compared(run_id, what, who, len(findings), parts))
    unit.emit(*(DiscrepancyFound(run_id=run_id, **finding.model_dump()) for finding in findings))
