"""What callers are told about products, categories and imports. Prices are decimals of the named currency."""

from typing import Literal

from cartwheel.kernel.money import shown
from cartwheel.kernel.schema import Record

from .categories import tree
from .draft import Outcome, ReportRow
from .events import Offer
from .fields import Visibility
from .import_store import Import
from .model import Attribute, Product, Variant


class Prices(Record):
    """`price` is what it costs now; `onSale` says whether that is the sale price."""

    price: float
    regular_price: float
    sale_price: float | None = None
    on_sale: bool

    @classmethod
    def of(cls, offer: Offer, moment: str) -> "Prices":
        price = offer.price_at(moment)
        return cls(
            price=shown(price, offer.currency),
            regular_price=shown(offer.regular, offer.currency),
            sale_price=None if offer.sale is None else shown(offer.sale, offer.currency),
            on_sale=price < offer.regular,
        )


class VariantAnswer(Prices):
    """What can be bought, by its SKU. Its sale price counts from `saleFrom` until `saleUntil`."""

    sku: str
    name: str
    attributes: dict[str, str]
    sale_from: str | None = None
    sale_until: str | None = None
    picture: str | None = None

    @classmethod
    def of_variant(cls, variant: Variant, offer: Offer, moment: str) -> "VariantAnswer":
        prices = Prices.of(offer, moment).model_dump()
        kept = variant.model_dump(include={"sku", "attributes", "sale_from", "sale_until", "picture"})
        return cls(**prices, **kept, name=offer.name)


class ProductSummary(Prices):
    """A product as a list shows it. Its prices are those of the variant that costs least."""

    product_id: str
    revision: int
    name: str
    slug: str
    short_description: str
    currency: str
    categories: list[str]
    category_slugs: list[str]
    picture: str | None = None
    attributes: list[Attribute]
    variants: list[VariantAnswer]

    @classmethod
    def of_product(cls, product: Product, moment: str) -> "ProductSummary":
        return cls(**_summary(product, moment))


class ProductAnswer(ProductSummary):
    """A product whole."""

    description: str
    pictures: list[str]
    published: bool
    visibility: Visibility
    created_at: str
    changed_at: str

    @classmethod
    def of_product(cls, product: Product, moment: str) -> "ProductAnswer":
        kept = product.content.model_dump(include={"description", "pictures", "published", "visibility"})
        at = product.model_dump(include={"created_at", "changed_at"})
        return cls(**_summary(product, moment), **kept, **at)


class ProductPage(Record):
    """A page of products; `next` is the cursor of the next page, null after the last."""

    items: list[ProductSummary]
    next: str | None


class CategoryAnswer(Record):
    """A category; `products` counts those listed in it and below it."""

    slug: str
    name: str
    parent: str | None = None
    products: int


class CategoryPage(Record):
    """A page of categories; a parent comes before its children."""

    items: list[CategoryAnswer]
    next: str | None


class ImportAnswer(Record):
    """How far an import is: rows of the file, rows done, and those by what became of them."""

    import_id: str
    status: Literal["running", "done"]
    rows: int
    done: int
    counts: dict[Outcome, int]
    ignored_columns: list[str]

    @classmethod
    def of(cls, head: Import) -> "ImportAnswer":
        return cls(**_progress(head))


class ImportPage(ImportAnswer):
    """With a page of the rows reported so far, in the order of the file."""

    items: list[ReportRow]
    next: str | None

    @classmethod
    def of_rows(cls, head: Import, items: list[ReportRow], further: str | None) -> "ImportPage":
        return cls(**_progress(head), items=items, next=further)


def _summary(product: Product, moment: str) -> dict[str, object]:
    content, offers = product.content, product.offers()
    kept = content.model_dump(include={"name", "short_description", "currency", "categories", "attributes"})
    pairs = zip(content.variants, offers, strict=True)
    return {
        **kept,
        **Prices.of(product.lowest(moment), moment).model_dump(),
        "product_id": product.product_id,
        "revision": product.revision,
        "slug": product.slug,
        "category_slugs": list(tree(content.categories)),
        "picture": next(iter(content.pictures), None),
        "variants": [VariantAnswer.of_variant(variant, offer, moment) for variant, offer in pairs],
    }


def _progress(head: Import) -> dict[str, object]:
    outcomes: tuple[Outcome, ...] = ("taken", "changed", "unchanged", "refused")
    return {
        "import_id": head.import_id,
        "status": head.status,
        "rows": head.rows,
        "done": head.done,
        "counts": {outcome: getattr(head, outcome) for outcome in outcomes},
        "ignored_columns": head.ignored_columns,
    }
