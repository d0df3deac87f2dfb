"""An entry of an order's story, and the order in which entries are told: by time, and no effect before its cause.

request or event ─► delivery (a span) ─┬─ payment call
                                       └─ event ─► delivery …

An event names the event or request that caused it, and by its trace context the very delivery that emitted it. A
delivery only tells when it ended and how long it took, so it may seem to have begun a little after what it did; then it
began no later than that: both go by the clock of one process.
"""

from collections.abc import Iterable, Sequence
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
    """Sorted by moment, no earlier than that of the cause, and then by how far it is from the first cause: an event is
    delivered before it has an effect.
    """
    told = _begun_in_time(list(facts))
    known = {entry.id: entry for entry in told if entry.id}
    places: dict[str, tuple[str, int]] = {}

    def place(entry: Entry) -> tuple[str, int]:
        if entry.id in places:
            return places[entry.id]
        cause = known.get(entry.caused_by or "")
        if entry.id:
            places[entry.id] = entry.at, 0  # for events that say they caused each other
        moment, depth = place(cause) if cause else ("", 0)
        found = max(entry.at, moment), depth + (2 if entry.id else 1)
        if entry.id:
            places[entry.id] = found
        return found

    return sorted(told, key=lambda entry: (*place(entry), TURN[entry.kind]))


def _begun_in_time(facts: Sequence[Fact]) -> list[Entry]:
    """Work began no later than the first of what was a part of it."""
    first: dict[str, str] = {}
    for fact in facts:
        first[fact.within] = min(fact.entry.at, first.get(fact.within, fact.entry.at))
    return [
        fact.entry.model_copy(update={"at": first[fact.span]})
        if fact.span and first.get(fact.span, fact.entry.at) < fact.entry.at
        else fact.entry
        for fact in facts
    ]
