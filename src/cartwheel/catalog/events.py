"""The published language of the catalog."""

from pydantic import Field

from cartwheel.kernel.events import Event
from cartwheel.kernel.schema import Record

SOURCE = "cartwheel.catalog"


class Offer(Record):
    """What one SKU costs, in minor units; the sale price counts between its two moments (ISO 8601, both optional)."""

    sku: str
    name: str
    regular: int
    sale: int | None = None
    sale_from: str | None = None
    sale_until: str | None = None
    currency: str

    def price_at(self, moment: str) -> int:
        """The price in force at the moment (ISO 8601, UTC, milliseconds, `Z`), in minor units."""
        if self.sale is None or (self.sale_from and moment < self.sale_from):
            return self.regular
        return self.regular if self.sale_until and moment >= self.sale_until else self.sale


class ProductChanged(Event, source=SOURCE, subject="product_id"):
    """A product is new or differs: its whole present state. A higher revision is the later one."""

    product_id: str
    revision: int
    name: str
    published: bool
    offers: list[Offer]
    withdrawn: list[str] = Field(default_factory=list)  # SKUs it had before and has no longer


class ProductRemoved(Event, source=SOURCE, subject="product_id"):
    """A product and its SKUs are gone."""

    product_id: str
    revision: int
    skus: list[str]


class StockCounted(Event, source=SOURCE, subject="sku"):
    """An import told how many pieces of a SKU there are; None: its stock is not managed, it never runs out."""

    sku: str
    quantity: int | None = None
    counted_at: str


class ImportRequested(Event, source=SOURCE, subject="import_id"):
    """A chunk of a validated import file is stored and waits to be applied."""

    import_id: str
    chunk: int
