"""Runs of reconciliation: `RECONCILIATION#<runId>`, with counts of who has said what about which part.

A part is a page of what a slice states. The last one tells how many there are; a run is done when each part was
compared by everybody who compares it.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import Field

from cartwheel.kernel.clock import epoch, now, timestamp
from cartwheel.kernel.conditions import Equals, Exists, NotExists
from cartwheel.kernel.schema import Record
from cartwheel.kernel.store import EXPIRES, Key, Put, Store, Update

from .store import TABLE

KEPT: Final = timedelta(days=30)
DAILY: Final = Key("RECONCILIATION#daily", "RECONCILIATION#daily")

COMPARED_BY: Final = {
    "orders": ("payment", "inventory", "ledger"),
    "payments": ("ordering", "ledger"),
    "stock": ("inventory",),
}


class Run(Record):
    """`parts` are by what is stated, once it is known; `compared` by that and who did: `orders_payment`."""

    run_id: str
    started_at: str
    since: str
    until: str
    found: int = 0
    parts: dict[str, int] = Field(default_factory=dict)
    compared: dict[str, int] = Field(default_factory=dict)

    @property
    def waits_for(self) -> list[str]:
        """What is still to be compared, and by whom; empty when the run is done."""
        return [
            f"{what} to be compared by {who}"
            for what, everybody in COMPARED_BY.items()
            for who in everybody
            if what not in self.parts or self.compared.get(f"{what}_{who}", 0) < self.parts[what]
        ]


def begin(run: Run) -> Put:
    key = _key(run.run_id)
    item = {"PK": key.pk, "SK": key.sk, **run.model_dump(by_alias=True, exclude={"parts", "compared"})}
    return Put(TABLE, item | {EXPIRES: epoch(now() + KEPT)}, NotExists())


def find(store: Store, run_id: str) -> Run | None:
    item = store.get(TABLE, _key(run_id))
    if item is None:
        return None
    compared = {f"{what}_{who}" for what, everybody in COMPARED_BY.items() for who in everybody}
    counts = {"parts": _of(item, set(COMPARED_BY)), "compared": _of(item, compared)}
    return Run.model_validate(item | counts)


def _of(item: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: item[name] for name in names & item.keys()}


def compared(run_id: str, what: str, who: str, found: int, parts: int | None = None) -> Update:
    """One more part was compared; `parts` is how many there are, told with the last. Only for a run that there is."""
    add = {f"{what}_{who}": 1} | ({"found": found} if found else {})
    return Update(TABLE, _key(run_id), set={what: parts} if parts else {}, add=add, condition=Exists())


def today(store: Store, moment: datetime, interval: timedelta) -> Put | None:
    """Claim the daily run, unless it was begun within the interval; of two that claim it at once, one does."""
    item = store.get(TABLE, DAILY)
    if item and item["begunAt"] > timestamp(moment - interval):
        return None
    claim = {"PK": DAILY.pk, "SK": DAILY.sk, "begunAt": timestamp(moment)}
    return Put(TABLE, claim, Equals("begunAt", item["begunAt"]) if item else NotExists())


def _key(run_id: str) -> Key:
    return Key(f"RECONCILIATION#{run_id}", f"RECONCILIATION#{run_id}")
