"""The published language of payment."""

from cartwheel.kernel.events import Event

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
