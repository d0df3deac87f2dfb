"""The published language of the ledger, and those events of others that it knows by name.

`order_placed` is emitted by no slice, but by whoever calls `EventPublisher`.
"""

from enum import StrEnum
from typing import Any, Final

from cartwheel.kernel.events import Event
from cartwheel.kernel.schema import Record

LEDGER: Final = "cartwheel.ledger"

SOURCE: Final = "custom.myapp"
ORDER_PLACED: Final = "order_placed"
PLACED: Final = "PLACED"

PLACED_ORDERS: Final[dict[str, Any]] = {
    "source": [SOURCE],
    "detail-type": [ORDER_PLACED],
    "detail": {"status": [PLACED]},
}

# What is left of all events. EventBridge has no "not" for a whole pattern, so each part of it is denied in turn; a
# status may also not be there at all.
ALL_OTHERS: Final[dict[str, Any]] = {
    "$or": [
        {"source": [{"anything-but": [SOURCE]}]},
        {"source": [SOURCE], "detail-type": [{"anything-but": [ORDER_PLACED]}]},
        {
            "source": [SOURCE],
            "detail-type": [ORDER_PLACED],
            "detail": {"status": [{"anything-but": [PLACED]}, {"exists": False}]},
        },
    ]
}


class Kind(StrEnum):
    """What reconciliation can find; docs/runbook.md has a section for each."""

    ORDER_WITHOUT_PAYMENT = "order-without-payment"
    PAYMENT_WITHOUT_ORDER = "payment-without-order"
    PAYMENT_DIFFERS = "payment-differs"
    RESERVATION_DIFFERS = "reservation-differs"
    RESERVATION_OVERDUE = "reservation-past-deadline"
    FACT_WITHOUT_EVENT = "fact-without-event"
    STOCK_DIFFERS = "stock-differs"


class Repair(StrEnum):
    """What an owner does about a finding, each after looking again and in a way that may be repeated."""

    TELL_ORDER = "tell-order-again"
    TELL_PAYMENT = "tell-payment-again"
    RELEASE = "release-reservation"
    RECOUNT = "recount-reserved"


class StatedFact(Record):
    """An event that the present state of a thing goes back to, and when it was told."""

    type: str
    at: str


class Finding(Record):
    """Two slices, or a slice and its own books, do not say the same. Without a `repair` a person has to look."""

    kind: str
    about: str
    expected: str
    found: str
    repair: str | None = None


class ReconciliationRequested(Event, source=LEDGER, subject="run_id"):
    """Everybody is to state what changed between two moments, and to compare with what the others state."""

    run_id: str
    since: str
    until: str


class DiscrepancyFound(Event, source=LEDGER, subject="about"):
    """A reconciliation found that two things do not agree. Whoever owns what is to be repaired does so."""

    run_id: str
    kind: str
    about: str
    expected: str
    found: str
    repair: str | None = None
