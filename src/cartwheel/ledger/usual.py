"""What is usual: the same quarter of an hour of the week, one to four weeks ago, by the ledger's own events.

now ─ 20 min     now ─ 5 min
    ├── this quarter ──┤        the last minutes are left out: their events may be under way
    └── and the same 7, 14, 21 and 28 days earlier: the usual is their median, so one bad week counts for nothing
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from statistics import median
from typing import Final

from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.environment import Environment
from cartwheel.kernel.events import Event
from cartwheel.kernel.ids import is_synthetic
from cartwheel.kernel.metrics import record
from cartwheel.kernel.store import Store
from cartwheel.ordering.events import OrderPlaced
from cartwheel.payment.events import PaymentAuthorised, PaymentDeclined

from . import store
from .metrics import DECLINES_ABOVE_USUAL, ORDERS_OF_USUAL, WINDOW

UNDER_WAY: Final = timedelta(minutes=5)
WEEKS: Final = 4
ENOUGH: Final = 2000  # events of a quarter that are counted: who has more has enough to go by


def compare(environment: Environment) -> int:
    """Measure this quarter by the usual. Answers how many comparisons there was enough for."""
    reader, least = environment.store, environment.settings.usual_orders
    end = now() - UNDER_WAY
    placed, *placed_before = _counts(reader, OrderPlaced, end)
    usual = median(placed_before)
    compared = 0
    if usual >= least:
        record(ORDERS_OF_USUAL, round(100 * placed / usual, 1))
        compared += 1
    taken, *taken_before = _counts(reader, PaymentAuthorised, end)
    declined, *declined_before = _counts(reader, PaymentDeclined, end)
    share, before = _share(declined, taken, least), _share(sum(declined_before), sum(taken_before), least)
    if share is not None and before is not None:
        record(DECLINES_ABOVE_USUAL, round(max(0.0, share - before), 1))
        compared += 1
    return compared


def _share(declined: int, taken: int, least: int) -> float | None:
    """Of all that were decided, in percent; None where they are too few to say."""
    decided = declined + taken
    return 100 * declined / decided if decided >= least else None


def _counts(reader: Store, event_type: type[Event], end: datetime) -> list[int]:
    """Events of the type in this quarter, then in those of the weeks before."""
    return [_count(reader, event_type, moment) for moment in _ends(end)]


def _ends(end: datetime) -> Iterator[datetime]:
    return (end - timedelta(weeks=week) for week in range(WEEKS + 1))


def _count(reader: Store, event_type: type[Event], end: datetime) -> int:
    found = store.in_order(reader, event_type.detail_type(), timestamp(end - WINDOW), timestamp(end), page=ENOUGH)
    ours = (event for event in islice(found, ENOUGH) if event.source == event_type.source)
    return sum(1 for event in ours if not is_synthetic(event.subject))
