"""The published language of inventory."""

from cartwheel.kernel.events import Event
from cartwheel.kernel.schema import Record
from cartwheel.ledger.events import Finding
from cartwheel.ordering.events import PaymentInstruction

SOURCE = "cartwheel.inventory"


class Shortage(Record):
    """A SKU of which there is not enough."""

    sku: str
    wanted: int
    available: int


class StockReserved(Event, source=SOURCE, subject="order_id"):
    """Every line of the order is reserved. Carries the payment instruction on, so that payment need not ask."""

    order_id: str
    payment: PaymentInstruction


class StockRejected(Event, source=SOURCE, subject="order_id"):
    """Nothing is reserved, because something is short."""

    order_id: str
    shortages: list[Shortage]


class StockReleased(Event, source=SOURCE, subject="order_id"):
    """What was reserved or sold for the order is available again. Reason: `cancelled` or `expired`."""

    order_id: str
    reason: str


class StockLow(Event, source=SOURCE, subject="sku"):
    """The available stock of a SKU fell to its low mark."""

    sku: str
    available: int


class StockAdjusted(Event, source=SOURCE, subject="sku"):
    """Staff changed the available stock of a SKU by so many pieces, and why: the record of changes by hand."""

    sku: str
    by: int
    reason: str


class OrdersComparedWithReservations(Event, source=SOURCE, subject="run_id"):
    """What inventory found about a part of the orders that were stated."""

    run_id: str
    findings: list[Finding]


class Recount(Record):
    """How far a recount of all stock has come: what its next part does, from where, with what it knows so far."""

    step: str
    cursor: str | None = None
    held: dict[str, int]
    suspects: dict[str, int]


class StockRecounted(Event, source=SOURCE, subject="run_id"):
    """A part of the reservations and stocks was counted, with what was found; `next` is the rest of it."""

    run_id: str
    part: int
    until: str
    findings: list[Finding]
    next: Recount | None = None
