"""The rules of baskets, without I/O or clock. Prices are minor units of the shop's currency."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from cartwheel.catalog.events import Offer
from cartwheel.kernel.caller import Caller
from cartwheel.kernel.clock import epoch, timestamp
from cartwheel.kernel.errors import Conflict
from cartwheel.kernel.schema import Record

MAX_LINES: Final = 40
MAX_QUANTITY: Final = 999
LIFETIME: Final = timedelta(days=60)  # after the last change
REMEMBERED: Final = timedelta(hours=24)  # what became of a basket, so that a repeated request gets the same answer


class SoldOffer(Offer):
    """What a SKU costs, and which revision of which product said so."""

    product_id: str
    revision: int


class Product(Record):
    """The latest revision that is known of a product, and the SKUs it offers."""

    product_id: str
    revision: int
    skus: list[str]


class Line(Record):
    """A SKU in a basket; `price` is that of one piece when it was put in."""

    sku: str
    name: str
    quantity: int
    price: int


class Receipt(Record):
    """What a checkout was answered."""

    order_id: str
    total: int
    currency: str


class Basket(Record):
    """A guest's basket, which belongs to whoever knows its id, or a customer's.

    It ends with a receipt, when it was checked out, or claimed by a customer, who has its lines in their own. `version`
    counts the times it was stored.
    """

    basket_id: str
    customer_id: str | None = None
    version: int = 0
    lines: tuple[Line, ...] = ()
    expires_at: int = 0
    receipt: Receipt | None = None
    claimed_by: str | None = None

    @property
    def is_open(self) -> bool:
        return self.receipt is None and self.claimed_by is None

    @property
    def skus(self) -> list[str]:
        return [line.sku for line in self.lines]

    def belongs_to(self, caller: Caller) -> bool:
        return self.customer_id in (None, caller.subject) or caller.is_staff

    def renewed(self, moment: datetime) -> "Basket":
        return self._next(moment + LIFETIME)

    def with_line(self, offer: Offer, quantity: int, moment: datetime) -> "Basket":
        """So many of the SKU, however many there were. A line keeps the price it began with. Raises Conflict."""
        lines = {line.sku: line for line in self.lines}
        price = lines[offer.sku].price if offer.sku in lines else offer.price_at(timestamp(moment))
        lines[offer.sku] = Line(sku=offer.sku, name=offer.name, quantity=quantity, price=price)
        return self._with(lines.values(), moment)

    def without_line(self, sku: str, moment: datetime) -> "Basket":
        return self._with((line for line in self.lines if line.sku != sku), moment)

    def merged_with(self, guest: "Basket", moment: datetime) -> "Basket":
        """All lines of both. Of a SKU that is in both, the greater quantity: merging again adds nothing."""
        lines = {line.sku: line for line in guest.lines}
        for line in self.lines:
            quantity = max(line.quantity, lines[line.sku].quantity if line.sku in lines else 0)
            lines[line.sku] = line.model_copy(update={"quantity": quantity})
        return self._with(lines.values(), moment)

    def checked_out(self, receipt: Receipt, moment: datetime) -> "Basket":
        return self._next(moment + REMEMBERED, lines=(), receipt=receipt)

    def claimed(self, customer_id: str, moment: datetime) -> "Basket":
        return self._next(moment + REMEMBERED, lines=(), claimed_by=customer_id)

    def _with(self, lines: Iterable[Line], moment: datetime) -> "Basket":
        kept = tuple(lines)
        if len(kept) > MAX_LINES:
            raise Conflict(f"A basket holds {MAX_LINES} different SKUs at most; remove a line or check out first.")
        return self._next(moment + LIFETIME, lines=kept)

    def _next(self, end: datetime, **changes: Any) -> "Basket":
        return self.model_copy(update={"version": self.version + 1, "expires_at": epoch(end), **changes})
