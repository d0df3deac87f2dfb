"""What callers are told about baskets; amounts are decimals of the currency. No personal data."""

from datetime import UTC, datetime
from typing import Literal

from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.money import shown
from cartwheel.kernel.schema import Record

from .model import Basket, Receipt
from .quote import Quote, QuotedLine


class LineAnswer(Record):
    """A line at the price of now; `priceBefore` is what it was when it was put in, if that differs.

    A line that is `unavailable` has no price any more, is not part of the total and must be removed to check out.
    """

    sku: str
    name: str
    quantity: int
    unit_price: float | None = None
    line_total: float | None = None
    price_changed: bool
    price_before: float | None = None
    unavailable: bool


class BasketAnswer(Record):
    """A basket with its lines in the order they were put in. It expires if it is not changed until `expiresAt`."""

    basket_id: str
    lines: list[LineAnswer]
    total: float
    currency: str
    expires_at: str

    @classmethod
    def of(cls, basket: Basket, quote: Quote) -> "BasketAnswer":
        return cls(
            basket_id=basket.basket_id,
            lines=[_line(quoted, quote.currency) for quoted in quote.lines],
            total=shown(quote.total, quote.currency),
            currency=quote.currency,
            expires_at=timestamp(datetime.fromtimestamp(basket.expires_at, UTC)),
        )


class CheckoutAnswer(Record):
    """The order is on its way; its life can be followed at `/orders/{orderId}`."""

    order_id: str
    status: Literal["PENDING"] = "PENDING"
    total: float
    currency: str

    @classmethod
    def of(cls, receipt: Receipt) -> "CheckoutAnswer":
        total = shown(receipt.total, receipt.currency)
        return cls(order_id=receipt.order_id, total=total, currency=receipt.currency)


def _line(quoted: QuotedLine, currency: str) -> LineAnswer:
    line = quoted.line.model_dump(include={"sku", "name", "quantity"})
    if quoted.price is None:
        return LineAnswer(**line, price_changed=False, unavailable=True)
    return LineAnswer(
        **line,
        unit_price=shown(quoted.price, currency),
        line_total=shown(quoted.total, currency),
        price_changed=quoted.changed,
        price_before=shown(quoted.line.price, currency) if quoted.changed else None,
        unavailable=False,
    )
