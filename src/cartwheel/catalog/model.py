"""Products and their variants: what they may hold, how they change, what they cost."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.money import Currency
from cartwheel.kernel.schema import Record, Text

from .categories import slug_of
from .events import Offer, ProductChanged, ProductRemoved
from .fields import (
    MAX_BYTES,
    MAX_VARIANTS,
    Attributes,
    CategoryPaths,
    Short,
    Sku,
    Url,
    Values,
    Visibility,
    distinct_skus,
)


class Attribute(Record):
    """A property of a product and the values it comes in, such as Colour: Red, Blue."""

    name: Short
    values: Values


class Variant(Record):
    """What can be bought. Prices in minor units; the sale price counts between two moments, each may be open."""

    sku: Sku
    regular: int
    attributes: Attributes = Field(default_factory=dict)
    sale: int | None = None
    sale_from: str | None = None
    sale_until: str | None = None
    picture: Url | None = None


Variants = Annotated[list[Variant], Field(min_length=1, max_length=MAX_VARIANTS), AfterValidator(distinct_skus)]


class Content(Record):
    """What is said about a product: everything but its identity. A simple product has one variant."""

    name: Text
    currency: Currency
    variants: Variants
    description: str = ""
    short_description: str = ""
    categories: CategoryPaths = Field(default_factory=list)
    pictures: list[Url] = Field(default_factory=list)
    attributes: list[Attribute] = Field(default_factory=list)
    published: bool = True
    visibility: Visibility = "visible"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.model_dump_json().encode()) > MAX_BYTES:
            raise ValueError(f"a product holds at most {MAX_BYTES} bytes with all its texts")
        return self

    @property
    def skus(self) -> list[str]:
        return [variant.sku for variant in self.variants]


class Product(Record):
    """A product as it is stored. `guard` is the key under which an import finds it again."""

    product_id: str
    revision: int
    content: Content
    created_at: str
    changed_at: str
    guard: str | None = None

    @property
    def slug(self) -> str:
        return slug_of(self.content.name) or "product"

    def offers(self) -> list[Offer]:
        return [_offer(self.content, variant) for variant in self.content.variants]

    def lowest(self, moment: str) -> Offer:
        """The offer that costs least at the moment."""
        return min(self.offers(), key=lambda offer: offer.price_at(moment))


def sku_guard(sku: str) -> str:
    return f"SKU#{sku}"


def woo_guard(woo_id: str) -> str:
    return f"WOO#{woo_id}"


def guards_of(product: Product | None) -> set[str]:
    """The keys that only one product may hold: of its SKUs, and the one by which an import knows it."""
    if product is None:
        return set()
    return {*map(sku_guard, product.content.skus)} | ({product.guard} if product.guard else set())


def _offer(content: Content, variant: Variant) -> Offer:
    chosen = ", ".join(variant.attributes.values())
    return Offer(
        sku=variant.sku,
        name=f"{content.name} - {chosen}" if chosen else content.name,
        regular=variant.regular,
        sale=variant.sale,
        sale_from=variant.sale_from,
        sale_until=variant.sale_until,
        currency=content.currency,
    )


def new(content: Content, moment: datetime, guard: str | None = None) -> Product:
    at = timestamp(moment)
    return Product(product_id=new_id(), revision=1, content=content, created_at=at, changed_at=at, guard=guard)


def revised(product: Product, content: Content, moment: datetime, guard: str | None = None) -> Product:
    """The product's next revision."""
    update = {"content": content, "revision": product.revision + 1, "changed_at": timestamp(moment)}
    return product.model_copy(update=update | ({"guard": guard} if guard else {}))


def merged(old: Content, told: Content) -> Content:
    """`told`, with every field that was not set in it as it was in `old`; variants are the same by their SKU."""
    before = {variant.sku: variant.model_dump() for variant in old.variants}
    variants = [before.get(variant.sku, {}) | variant.model_dump(exclude_unset=True) for variant in told.variants]
    return Content.model_validate(
        old.model_dump() | told.model_dump(exclude_unset=True) | {"variants": [_below(v) for v in variants]}
    )


def _below(variant: dict[str, Any]) -> dict[str, Any]:
    """A sale price that was kept must not end up above a regular price that came down."""
    sale = variant.get("sale")
    return variant if sale is None or sale < variant["regular"] else variant | {"sale": None}


def changed(product: Product, withdrawn: Sequence[str]) -> ProductChanged:
    return ProductChanged(
        product_id=product.product_id,
        revision=product.revision,
        name=product.content.name,
        published=product.content.published,
        offers=product.offers(),
        withdrawn=list(withdrawn),
    )


def removed(product: Product) -> ProductRemoved:
    return ProductRemoved(
        product_id=product.product_id, revision=product.revision + 1, skus=sorted(product.content.skus)
    )
