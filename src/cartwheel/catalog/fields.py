"""What the fields of products may hold, whether staff or an import tell them."""

from typing import Annotated, Final, Literal, Protocol, TypeVar

from pydantic import AfterValidator, Field, StringConstraints

from .categories import checked, tree

# A product, the guards of its SKUs and its listing entries are written in one transaction of at most 100 items.
MAX_VARIANTS: Final = 50
MAX_CATEGORIES: Final = 20  # ancestors included
MAX_SKU: Final = 100
MAX_BYTES: Final = 100_000  # as JSON: a product and an entry in every category stay below a transaction's 4 MB


class HasSku(Protocol):
    @property
    def sku(self) -> str: ...


WithSku = TypeVar("WithSku", bound=HasSku)


def distinct_skus(variants: list[WithSku]) -> list[WithSku]:
    skus = [variant.sku for variant in variants]
    twice = sorted({sku for sku in skus if skus.count(sku) > 1})
    if twice:
        raise ValueError(f"SKU {', '.join(twice)} is used more than once")
    return variants


def few_categories(paths: list[str]) -> list[str]:
    if len(tree(paths)) > MAX_CATEGORIES:
        raise ValueError(f"a product can be in {MAX_CATEGORIES} categories at most, ancestors included")
    return list(dict.fromkeys(paths))


URL: Final = r"^(https?://|/)\S+$"
# What may stand in a URL's path segment, since a SKU names a basket's line there: so it is not only dots, either.
SKU: Final = r"^[ .,:;+&@=~!*()'$-]*\w[\w .,:;+&@=~!*()'$-]*$"
Sku = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_SKU, pattern=SKU)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Url = Annotated[str, StringConstraints(max_length=1000, pattern=URL)]
CategoryPath = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(checked)]
CategoryPaths = Annotated[list[CategoryPath], Field(max_length=MAX_CATEGORIES), AfterValidator(few_categories)]
Attributes = Annotated[dict[Short, Short], Field(max_length=20)]
Values = Annotated[list[Annotated[str, StringConstraints(max_length=500)]], Field(max_length=100)]
Visibility = Literal["visible", "catalog", "search", "hidden"]
