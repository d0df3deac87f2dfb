"""An entry of an order's story, and the order in which entries are told: by time, and no effect before its cause.

request or event ─► delivery (a span) ─┬─ payment call
                                       └─ event ─► delivery …

An event names the event or request that caused it, and by its trace context the very delivery that emitted it. Both
count: a delivery tells when it ended and how long it took, so its beginning is known a little less exactly than the
moment of what it emitted.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from cartwheel.kernel.schema import Record

Kind = Literal["request", "staff", "event", "mail", "delivery", "attempt failed", "payment", "dead letter"]

# At one and the same moment, of the same depth: what comes first.
TURN: Final[dict[Kind, int]] = {
    "request": 0,
    "staff": 0,
    "event": 1,
    "mail": 1,
    "delivery": 2,
    "attempt failed": 2,
    "payment": 3,
    "dead letter": 4,
}


class Entry(Record):
    """One thing that happened. `where` is a function, for an event its slice; `who` is the caller of a request.

    `id` names an event or a request; `caused_by` is the `id` of what led to it. `milliseconds` is how long it took.
    """

    at: str
    kind: Kind
    where: str
    what: str
    id: str | None = None
    caused_by: str | None = None
    attempt: int | None = None
    milliseconds: float | None = None
    error: str | None = None
    who: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """An entry and its trace context: `span` is the work that it tells of, `within` the work that it was a part of."""

    entry: Entry
    span: str = ""
    within: str = ""


def in_order(facts: Iterable[Fact]) -> list[Entry]:
    """Sorted by moment, no earlier than that of any cause, and then by how far it is from the first cause: an event is
    delivered before it has an effect.
    """
    told = list(facts)
    known = {fact.entry.id: fact for fact in told if fact.entry.id}
    spans = {fact.span: fact for fact in told if fact.span}
    places: dict[str, tuple[str, int]] = {}

    def place(fact: Fact) -> tuple[str, int]:
        entry = fact.entry
        if entry.id in places:
            return places[entry.id]
        if entry.id:
            places[entry.id] = entry.at, 0  # for events that say they caused each other
        cause, work = known.get(entry.caused_by or ""), spans.get(fact.within)
        moment, depth = place(cause) if cause else ("", 0)
        began, above = place(work) if work else ("", 0)
        found = max(entry.at, moment, began), max(depth + (2 if entry.id else 1), above)
        if entry.id:
            places[entry.id] = found
        return found

    return [fact.entry for fact in sorted(told, key=lambda fact: (*place(fact), TURN[fact.entry.kind]))]
