"""Runs of reconciliation as staff see them: how far one has come, and what it has found so far."""

import json
from itertools import islice
from typing import Any, Final, Literal

from pydantic import Field

from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.schema import Record, Request
from cartwheel.kernel.store import Store

from . import store
from .events import DiscrepancyFound, Finding
from .runs import Run

MOST: Final = 1000


class StartReconciliation(Request):
    """`all`: everything there ever was, instead of what changed in the last two days."""

    everything: bool = Field(default=False, alias="all", strict=True)


class RunAnswer(Record):
    """A run compares what changed from `since` until `until`. `waitsFor` says what is left to be done.

    `found` counts the findings; of more than a thousand the first are here, all of them among the events of the type
    `DiscrepancyFound`. A finding without `repair` needs a person.
    """

    run_id: str
    state: Literal["running", "done"]
    started_at: str
    since: str
    until: str
    waits_for: list[str]
    found: int
    findings: list[Finding]

    @classmethod
    def of(cls, run: Run, findings: list[Finding]) -> "RunAnswer":
        waits_for = run.waits_for
        if len(findings) < min(run.found, MOST):
            waits_for.append("findings to be recorded by the ledger")
        state = "running" if waits_for else "done"
        facts = run.model_dump(include={"run_id", "started_at", "since", "until", "found"})
        return cls(**facts, state=state, waits_for=waits_for, findings=findings)


def findings_of(reader: Store, run: Run) -> list[Finding]:
    """Oldest first, a thousand at most."""
    if not run.found:
        return []
    recorded = store.in_order(reader, DiscrepancyFound.detail_type(), run.started_at, timestamp(now()) + "~")
    found = (_read(event.detail) for event in recorded)
    return list(islice((Finding(**each.model_dump()) for each in found if each.run_id == run.run_id), MOST))


def _read(detail: str) -> DiscrepancyFound:
    document: dict[str, Any] = json.loads(detail)
    return DiscrepancyFound.read(document)
