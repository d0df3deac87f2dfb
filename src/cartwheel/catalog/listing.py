"""Listings: in which lists a product appears, at which place, and which searches find it."""

import re
from datetime import datetime
from typing import Any, Final, Literal

from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.store import Item

from .categories import Category, fold, tree
from .model import Product, sku_guard

ALL: Final = "ALL"
BEFORE_SPACE: Final = "\x1f"  # so that `Hoodie` comes before `Hoodie with Pocket`
MAX_WORDS: Final = 300
MAX_WORD: Final = 40

Sort = Literal["name", "price", "-price", "newest"]
# The index that holds the order, and whether it is read forward.
ORDERS: Final[dict[Sort, tuple[str, bool]]] = {
    "name": ("by-name", True),
    "price": ("by-price", True),
    "-price": ("by-price", False),
    "newest": ("by-newest", False),
}


def scope_of(category: str | None) -> str:
    """The list of a category's slug; without one, of the whole shop."""
    return f"CATEGORY#{category}" if category else ALL


def categories_of(product: Product | None) -> dict[str, Category]:
    """The categories, ancestors included, in which shoppers meet the product."""
    if product is None or not product.content.published or product.content.visibility in ("hidden", "search"):
        return {}
    return tree(product.content.categories)


def scopes_of(product: Product | None) -> set[str]:
    """Every list the product is in: none when it is unpublished or hidden."""
    if product is None or not product.content.published or product.content.visibility == "hidden":
        return set()
    return {ALL, *map(scope_of, categories_of(product))}


def attributes_of(product: Product, moment: datetime) -> dict[str, Any]:
    """The sort keys and search words of an entry. The id makes each key unique, so that a place is one item's."""
    product_id, content = product.product_id, product.content
    price = product.lowest(at := timestamp(moment)).price_at(at)
    return {
        "nameKey": f"{fold(content.name)[:200]}{BEFORE_SPACE}{product_id}",
        "priceKey": f"{price:015d}#{product_id}",
        "newestKey": product_id,
        "visibility": content.visibility,
        "words": _words(product),
    }


def _words(product: Product) -> str:
    content = product.content
    values = [value for variant in content.variants for value in variant.attributes.values()]
    skus = (*content.skus, (product.guard or "").removeprefix(sku_guard("")))
    texts = (content.name, *skus, *values, content.short_description, content.description)
    return " ".join(list(dict.fromkeys(word for text in texts for word in _split(text)))[:MAX_WORDS])


def _split(text: str) -> list[str]:
    """Words as they are written and their parts: `T-Shirt` is found by `t-shirt`, `t` and `shirt`."""
    plain = fold(re.sub(r"<[^>]*>", " ", text))
    return [part[:MAX_WORD] for word in plain.split() for part in (word, *re.findall(r"\w+", word))]


def is_found(entry: Item, query: str | None) -> bool:
    """Whether an entry belongs in the answer: each word of the query begins a word of the product."""
    if not query:
        return bool(entry["visibility"] != "search")
    words = f" {entry['words']}"
    return entry["visibility"] != "catalog" and all(f" {word[:MAX_WORD]}" in words for word in fold(query).split())
