"""The published language of ordering."""

from enum import StrEnum

from cartwheel.kernel.events import Event
from cartwheel.kernel.schema import Record
from cartwheel.ledger.events import Finding, StatedFact

SOURCE = "cartwheel.ordering"


class OrderedLine(Record):
    """A SKU and how many of it."""

    sku: str
    quantity: int


class PaymentInstruction(Record):
    """How an order is to be paid: minor units, currency, and the provider's token for the payer's means."""

    amount: int
    currency: str
    token: str | None = None


class CancelReason(StrEnum):
    """Why an order was cancelled."""

    OUT_OF_STOCK = "out_of_stock"
    STOCK_EXPIRED = "stock_expired"
    PAYMENT_DECLINED = "payment_declined"
    STOCK_TIMEOUT = "stock_timeout"
    PAYMENT_TIMEOUT = "payment_timeout"
    FULFILMENT_TIMEOUT = "fulfilment_timeout"
    BY_CUSTOMER = "cancelled_by_customer"
    BY_SHOP = "cancelled_by_shop"


class OrderSubmitted(Event, source=SOURCE, subject="order_id"):
    """A direct order was accepted and waits to be placed."""

    order_id: str


class OrderPlaced(Event, source=SOURCE, subject="order_id"):
    """The order stands; its stock is wanted next. The instruction travels on to payment, unread."""

    order_id: str
    lines: list[OrderedLine]
    payment: PaymentInstruction


class OrderConfirmed(Event, source=SOURCE, subject="order_id"):
    """Stock is reserved and payment authorised."""

    order_id: str
    amount: int
    currency: str
    email: str | None = None


class OrderCancelled(Event, source=SOURCE, subject="order_id"):
    """The order will not be fulfilled; whatever was reserved or authorised is to be given back.

    The reason is a `CancelReason`, as text: a reader of today must not choke on a reason of tomorrow.
    """

    order_id: str
    reason: str
    amount: int
    currency: str
    email: str | None = None


class OrderFulfilled(Event, source=SOURCE, subject="order_id"):
    """The goods are on their way; the payment may be captured."""

    order_id: str
    amount: int
    currency: str
    email: str | None = None


class OrdersExported(Event, source=SOURCE, subject="customer_id"):
    """Some of a customer's orders, told for their export. What follows comes as an event of its own."""

    export_id: str
    customer_id: str
    page: int
    content: str
    following: str | None = None


class OrderRefunded(Event, source=SOURCE, subject="order_id"):
    """A fulfilled order is to be paid back."""

    order_id: str
    amount: int
    currency: str
    email: str | None = None


class StatedOrder(Record):
    """An order as it is, and the events that its state goes back to."""

    order_id: str
    status: str
    amount: int
    currency: str
    facts: list[StatedFact]


class OrdersStated(Event, source=SOURCE, subject="run_id"):
    """A part of the orders that changed between the moments of a reconciliation. `next` is where the rest begins."""

    run_id: str
    part: int
    since: str
    until: str
    orders: list[StatedOrder]
    next: str | None = None


class PaymentsComparedWithOrders(Event, source=SOURCE, subject="run_id"):
    """What ordering found about a part of the payments that were stated."""

    run_id: str
    findings: list[Finding]
