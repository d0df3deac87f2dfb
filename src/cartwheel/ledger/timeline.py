"""The timeline of an order: read from the ledger and the journal, told by `story`, `deliveries` and `waiting`."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.environment import Environment
from cartwheel.kernel.errors import NotFound
from cartwheel.kernel.ids import is_id, minted_at
from cartwheel.kernel.journal import MOST_LINES, Held, Journal, Line, Unreachable
from cartwheel.kernel.schema import Record

from . import store
from .deliveries import Open, hearsay, of_lines, of_queues
from .entry import Entry, Kind
from .model import Recorded
from .story import entries, is_about
from .waiting import Standing, Wait, standing

MOST_EVENTS: Final = 1000  # of an order, and of a request that it goes back to
MOST_REQUESTS: Final = 20
CLOCKS: Final = timedelta(minutes=1)  # may differ by less
OWN: Final = frozenset({"ledger-events", "OrderProcessor"})  # no order waits for its events to be kept
DELIVERED: Final[frozenset[Kind]] = frozenset({"delivery", "attempt failed"})


class Timeline(Record):
    """What happened to an order, oldest first; what it waits for, null for nothing; which deliveries are open.

    `missing` names what could not be learnt; `summary` is what to know first.
    """

    order_id: str
    status: str
    entries: list[Entry]
    open: list[Open]
    waits_for: Wait | None
    missing: list[str]
    summary: str


@dataclass
class Found:
    """What was read about an order. `held` is None where nobody can look into queues."""

    order_id: str
    minted: datetime
    events: dict[str, Recorded] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    held: list[Held] | None = None
    missing: list[str] = field(default_factory=list)


def tell(environment: Environment, order_id: str) -> Timeline:
    """Raises NotFound for an order that nothing is known of."""
    found = _read(environment, order_id)
    events = list(found.events.values())
    told = entries(order_id, events, found.lines, found.held or [])
    waiting = of_lines(found.lines) if found.held is None else of_queues(found.held)
    deliveries = [each for each in waiting if each.function not in OWN]
    if not (events or deliveries or any(line.get("orderId") == order_id for line in found.lines)):
        raise _unknown(found)
    known = [event for event in hearsay(found.lines, found.held or []) if event.event_id not in found.events]
    stands = standing([*events, *known], deliveries, environment.settings)
    return Timeline(
        order_id=order_id,
        status=stands.status,
        entries=told,
        open=deliveries,
        waits_for=stands.waits_for,
        missing=[*found.missing, *_gaps(found, told, behind=len(waiting) - len(deliveries))],
        summary=summary(stands),
    )


def _read(environment: Environment, order_id: str) -> Found:
    found = Found(order_id, minted(order_id))
    _add(found, store.of_subject(environment.store, order_id))
    _read_journal(found, environment.journal)
    requests = {event.correlation_id for event in found.events.values()}
    requests |= {line.get("correlationId") for line in found.lines if line.get("orderId") == order_id}
    for request in sorted(filter(None, requests))[:MOST_REQUESTS]:
        _add(found, filter(lambda event: _names(event, order_id), store.of_correlation(environment.store, request)))
    return found


def _add(found: Found, events: Iterable[Recorded]) -> None:
    found.events |= {event.event_id: event for event in islice(events, MOST_EVENTS)}


def _names(event: Recorded, order_id: str) -> bool:
    """A checkout is about its basket, and has the order in its data."""
    data = json.loads(event.detail).get("data")
    return isinstance(data, dict) and data.get("orderId") == order_id


def _read_journal(found: Found, journal: Journal) -> None:
    try:
        lines = journal.lines(found.order_id, found.minted - CLOCKS)
        if len(lines) >= MOST_LINES:
            found.missing.append(f"only the newest {MOST_LINES} log lines about it were read")
        found.lines = [line for line in lines if is_about(found.order_id, line)]
        found.held = journal.held(found.order_id)
    except Unreachable as failure:
        unknown = "requests, deliveries and their attempts, payment calls, dead letters and staff actions are unknown"
        found.missing.append(f"{unknown}: {failure}")


def minted(order_id: str) -> datetime:
    """Raises NotFound for what cannot be the id of an order."""
    try:
        if is_id(order_id):
            return minted_at(order_id)
    except (ValueError, OverflowError):
        pass
    raise NotFound("There is no order of this id.")


def _unknown(found: Found) -> NotFound:
    if found.minted < now() - store.KEPT:
        made = timestamp(found.minted)[:10]
        return NotFound(f"No event of this order is there any more: it is of {made}, and events are kept a year.")
    more = f" ({found.missing[0]})" if found.missing else ""
    return NotFound(f"No event of such an order is known; one that was just made appears in a moment.{more}")


def _gaps(found: Found, told: list[Entry], behind: int) -> list[str]:
    """What must have been there, and is not."""
    gaps = []
    if found.minted < now() - store.KEPT:
        gaps.append("events are kept a year: the first ones of this order may be gone")
    if behind:
        gaps.append(f"{behind} events of it wait to be kept: they are not in here yet")
    delivered = {entry.caused_by for entry in told if entry.kind in DELIVERED}
    undelivered = {event.causation_id for event in found.events.values()} & found.events.keys() - delivered
    if undelivered and not found.missing:
        gaps.append("the logs of some deliveries are no longer kept")
    return gaps


def summary(stands: Standing) -> str:
    """Such as `PLACED, waits for its stock (inventory-events), until …; then it is cancelled: stock_timeout`."""
    wait = stands.waits_for
    if wait is None:
        return f"{stands.status}, waits for nothing"
    on = f" ({wait.on})" if wait.on else ""
    until = f", until {wait.until}; then {wait.then}" if wait.until else ", without a deadline"
    return f"{stands.status}, waits for {wait.what}{on}{until}"
