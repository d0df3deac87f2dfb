"""The published language of baskets."""

from cartwheel.kernel.events import Event
from cartwheel.kernel.schema import Record

SOURCE = "cartwheel.basket"


class CheckedOutLine(Record):
    """A line as it was bought: the price is the catalog's at checkout, in minor units."""

    sku: str
    name: str
    quantity: int
    unit_price: int


class CheckoutBasket(Event, source=SOURCE, subject="basket_id"):
    """A shopper buys a basket. The order's id was minted here, so a second delivery is the same order."""

    basket_id: str
    order_id: str
    lines: list[CheckedOutLine]
    currency: str
    customer_id: str | None = None
    email: str | None = None
    payment_token: str | None = None


class BasketExported(Event, source=SOURCE, subject="customer_id"):
    """A customer's own basket, told for their export."""

    export_id: str
    customer_id: str
    page: int
    content: str
    following: str | None = None
