"""A rebuild from outside: past events into a fresh copy, the copy beside the live one, and once more before it is told.

    ledger ─► copy ─► what came meanwhile ─► differences? ─► a moment later, what came meanwhile, differences still?

The shop goes on selling. So a difference counts only if it is there twice, the same both times, with all events applied
that the ledger knew of in between.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from .client import segment
from .output import progress
from .past import KEPT, Ahead, EventType, Selection, events

if TYPE_CHECKING:
    from .client import Client

LATE: Final = timedelta(seconds=30)  # an event may be that long on its way to the ledger
ROUNDS: Final = 3
MOMENT: Final = 2.0  # seconds between the two looks at a difference
SWAPPED: Final = 50  # items at once
LEDGER: Final = "ledger-events"  # the queue by which events come into the ledger

Difference = dict[str, Any]
Identity = tuple[str, str, str | None, str | None]


@dataclass
class Rebuild:
    """One run. `shop` is asked for the copy, `ledger` for events, at the same time."""

    shop: "Client"
    ledger: "Client"
    projection: str
    selection: Selection
    applied: int = 0
    compared: int = 0
    failed: list[dict[str, str]] = field(default_factory=list)
    copy: dict[str, Any] = field(default_factory=dict)
    _until: datetime | None = None

    @property
    def path(self) -> str:
        return f"/projections/{segment(self.projection)}/copies/{self.copy['copyId']}"

    @property
    def types(self) -> list[EventType]:
        """The types of event that the projection is made of, or the one of them that was asked for."""
        made_of = [(each["source"], each["type"]) for each in self.copy["events"]]
        return [each for each in made_of if self.selection.type in (None, each[1])]

    def begin(self) -> None:
        path = f"/projections/{segment(self.projection)}/copies"
        self.copy = self.shop.post(path, _json({"whole": self.selection.whole}), "application/json")

    def apply(self) -> None:
        """All events that there are by now, and those that come meanwhile."""
        self._apply(self.selection.start, f"Replaying into a copy of {self.projection}")
        self._catch_up()

    def _catch_up(self) -> None:
        """What came meanwhile, and what came during that; where it is for events up to a moment, nothing has.

        Only so often: in a shop that is busy something always has, and a difference has to be there twice anyway.
        """
        for _ in range(ROUNDS if self.selection.end is None else 0):
            before = self.applied
            self._apply(self._until and self._until - LATE, "Catching up")
            if self.applied == before:
                return

    def _apply(self, start: datetime | None, label: str) -> None:
        end = self.selection.end or datetime.now(UTC)
        first = max(start or end - KEPT, self.selection.start or end - KEPT)
        found = events(self.ledger, self.types, self.selection.subject, first, end)
        sent, read = 0, Ahead(found)
        with progress(label) as advance:
            for chunk in read:
                sent += self._send(chunk)
                advance(sent, read.total)
        self._until = end

    def _send(self, body: bytes) -> int:
        done = self.shop.post(f"{self.path}/events", body, "application/json")
        self.applied += done["applied"]
        known = {each["id"] for each in self.failed}
        self.failed += [each for each in done["failed"] if each["id"] not in known]
        return int(done["applied"] + done["known"] + len(done["failed"]))

    def differences(self) -> list[Difference]:
        """Those that are no matter of a moment."""
        found = self._compare("Comparing")
        if not found:
            return []
        time.sleep(MOMENT)
        self._catch_up()
        still = {_identity(each) for each in self._compare("Comparing once more")}
        return [each for each in found if _identity(each) in still]

    def _compare(self, label: str) -> list[Difference]:
        expected = self.compared or None
        found, cursor, self.compared = list[Difference](), None, 0
        with progress(label) as advance:
            while True:
                page = self.shop.get(f"{self.path}/differences", limit=100, cursor=cursor)
                found += page["items"]
                self.compared += page["compared"]
                advance(self.compared, expected and max(expected, self.compared))
                cursor = page["next"]
                if cursor is None:
                    return found

    def lag(self) -> float:
        """Seconds by which the ledger is behind: what has happened since is live, and not in the copy."""
        queues = self.ledger.get("/_host/queues")
        return float(next(each["oldestSeconds"] for each in queues if each["queue"] == LEDGER))

    def swap(self, differences: list[Difference]) -> None:
        """What has changed since it was compared stays as it is."""
        with progress("Swapping") as advance:
            for start in range(0, len(differences), SWAPPED):
                some = differences[start : start + SWAPPED]
                items = [{name: each[name] for name in ("pk", "sk", "live", "rebuilt")} for each in some]
                self.shop.post(f"{self.path}/swap", _json({"items": items}), "application/json")
                advance(start + len(some), len(differences))

    def discard(self) -> None:
        self.shop.delete(self.path)


def _identity(difference: Difference) -> Identity:
    return difference["pk"], difference["sk"], difference["live"], difference["rebuilt"]


def _json(document: Any) -> bytes:
    return json.dumps(document).encode()


def projections(shop: "Client") -> list[str]:
    """The names of those that the shop has."""
    paths: Iterator[list[str]] = (path.split("/") for path in shop.get("/openapi.json")["paths"])
    return sorted({path[2] for path in paths if path[1] == "projections"})
