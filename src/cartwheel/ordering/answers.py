"""What callers are told about an order. No personal data: who knows a guest's order id may read it."""

from typing import Final

from cartwheel.kernel.money import shown
from cartwheel.kernel.schema import Record

from .events import CancelReason
from .model import Order, Status, Transition

KEPT: Final = "You are not charged; a payment that was on hold is let go."

MESSAGES: Final = {
    CancelReason.OUT_OF_STOCK: f"There is not enough left of: {{short}}. {KEPT}",
    CancelReason.STOCK_EXPIRED: f"The goods could not be held any longer before the payment came. {KEPT}",
    CancelReason.PAYMENT_DECLINED: "The payment was declined ({detail}). You are not charged.",
    CancelReason.STOCK_TIMEOUT: f"The goods could not be reserved in time. {KEPT}",
    CancelReason.PAYMENT_TIMEOUT: f"The payment did not come in time. {KEPT}",
    CancelReason.FULFILMENT_TIMEOUT: f"The goods could not be sent in time. {KEPT}",
    CancelReason.BY_CUSTOMER: f"The order was cancelled as you asked. {KEPT}",
    CancelReason.BY_SHOP: f"The shop cancelled the order. {KEPT}",
}


class AcceptedOrder(Record):
    """The order was accepted; its life can be followed at `/orders/{orderId}`."""

    order_id: str
    status: Status


class OrderLineAnswer(Record):
    """A line of an order; the price is that of one piece."""

    sku: str
    name: str
    quantity: int
    unit_price: float


class OrderAnswer(Record):
    """An order. While its checkout is still on its way, only the id and the status PENDING are known.

    `reason` and `message` say why it was cancelled, for programs and for people; `outOfStock` names the SKUs it failed
    for. Amounts are decimals of the currency.
    """

    order_id: str
    status: Status
    amount: float | None = None
    currency: str | None = None
    created_at: str | None = None
    lines: list[OrderLineAnswer] | None = None
    history: list[Transition] | None = None
    reason: CancelReason | None = None
    message: str | None = None
    out_of_stock: list[str] | None = None

    @classmethod
    def of(cls, order: Order) -> "OrderAnswer":
        return cls(
            order_id=order.order_id,
            status=order.status,
            amount=_shown(order.amount, order),
            currency=order.currency,
            created_at=order.created_at,
            lines=[
                OrderLineAnswer(**line.model_dump(exclude={"unit_price"}), unit_price=_shown(line.unit_price, order))
                for line in order.lines
            ],
            history=list(order.history),
            reason=order.reason,
            message=_message(order),
            out_of_stock=list(order.short) or None,
        )


class OrderPage(Record):
    """A page of orders, newest first; `next` is the cursor of the next page, null after the last."""

    items: list[OrderAnswer]
    next: str | None


def _shown(minor: int, order: Order) -> float:
    return shown(minor, order.currency)


def _message(order: Order) -> str | None:
    if order.reason is None:
        return None
    names = {line.sku: line.name for line in order.lines}
    short = ", ".join(names.get(sku, sku) for sku in order.short)
    return MESSAGES[order.reason].format(short=short, detail=order.detail)
