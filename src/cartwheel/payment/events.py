"""The published language of payment."""

from cartwheel.kernel.events import Event
from cartwheel.kernel.schema import Record
from cartwheel.ledger.events import Finding, StatedFact

SOURCE = "cartwheel.payment"


class PaymentAuthorised(Event, source=SOURCE, subject="order_id"):
    """The amount (minor units) is held for the order, not yet taken."""

    order_id: str
    amount: int
    currency: str


class PaymentDeclined(Event, source=SOURCE, subject="order_id"):
    """The provider refused; nothing is held."""

    order_id: str
    reason: str


class PaymentCaptured(Event, source=SOURCE, subject="order_id"):
    """The held amount was taken."""

    order_id: str
    amount: int
    currency: str


class PaymentVoided(Event, source=SOURCE, subject="order_id"):
    """What was held for a cancelled order was let go; nothing was taken."""

    order_id: str


class PaymentRefunded(Event, source=SOURCE, subject="order_id"):
    """What was taken was given back."""

    order_id: str
    amount: int
    currency: str


class StatedPayment(Record):
    """A payment as it is, and the event that its state goes back to."""

    order_id: str
    state: str
    facts: list[StatedFact]


class PaymentsStated(Event, source=SOURCE, subject="run_id"):
    """A part of the payments that changed between the moments of a reconciliation. `next` is where the rest begins."""

    run_id: str
    part: int
    since: str
    until: str
    payments: list[StatedPayment]
    next: str | None = None


class OrdersComparedWithPayments(Event, source=SOURCE, subject="run_id"):
    """What payment found about a part of the orders that were stated."""

    run_id: str
    findings: list[Finding]
