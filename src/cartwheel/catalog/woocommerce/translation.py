"""One row in the catalog's terms: what it says of a product, what it says of something to be sold."""

import re
from dataclasses import dataclass
from typing import Any, Final, cast

from pydantic import ValidationError

from ..draft import DraftRow
from ..fields import MAX_SKU, URL
from ..model import Attribute, Variant, sku_guard, woo_guard
from .cells import minor
from .rows import HAS_ATTRIBUTES, MANAGED_BY_PARENT, Row

_REFUSED: Final = {
    "grouped": "a grouped product only shows others, which are imported as products of their own",
    "external": "an external product is sold by another shop",
}
_FIELDS: Final = {
    "name": "Name",
    "published": "Published",
    "visibility": "Visibility in catalog",
    "short_description": "Short description",
    "description": "Description",
    "categories": "Categories",
    "pictures": "Images",
}
_TAKEN: Final = frozenset({"simple", "variable", "variation"})


def unfit(row: Row) -> str | None:
    """Why a row cannot be taken whatever else the file holds."""
    if not row.sku and not row.text("ID"):
        return "it has neither SKU nor ID, so it could not be recognised the next time"
    if len(row.own_sku) > MAX_SKU:
        return f"its SKU is longer than {MAX_SKU} characters"
    if row.kind not in _TAKEN:
        return _REFUSED.get(row.kind, f"products of type {row.kind!r} are not sold here")
    return None


def reason(error: ValueError) -> str:
    """Why a record was not accepted, in one line."""
    if not isinstance(error, ValidationError):
        return str(error)
    found = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(map(str, found["loc"]))
    return f"{place}: {found['msg']}".removeprefix(": ").replace("Value error, ", "")


def guards(row: Row) -> list[str]:
    woo_id = row.text("ID")
    return ([sku_guard(row.sku)] if row.sku else []) + ([woo_guard(woo_id)] if woo_id else [])


@dataclass(frozen=True, slots=True)
class Sold:
    """A row with a price: a simple product's own, or a variation. `stock` is empty when the file does not tell it."""

    row: Row
    variant: Variant
    stock: dict[str, int | None]
    notes: list[str]

    def draft(self, notes: list[str]) -> DraftRow:
        """The row's part in a product, with what else is to be noted about it."""
        return DraftRow(
            line=self.row.line,
            reference=self.row.reference,
            heads=self.row.kind == "simple",
            sku=self.variant.sku,
            note="; ".join([*notes, *self.notes]) or None,
            **cast(Any, self.stock),
        )


def sold(row: Row, currency: str) -> Sold:
    """Raises ValueError when it cannot be sold as it is."""
    if row.values["Regular price"] is None:
        raise ValueError("it has no regular price")
    told: dict[str, Any] = {"sku": row.own_sku, "regular": minor(row.values["Regular price"], currency)}
    notes = _sale(row, told, currency)
    if row.kind == "variation":
        notes += _variation(row, told)
    if "downloadable" in row.types:
        notes.append("its download files are not imported")
    quantity, about_stock = _stock(row)
    # "In stock" without a figure says nothing of how many: it must not make a counted stock endless.
    stock = {"stock": quantity} if "Stock" in row.values or quantity == 0 else {}
    return Sold(row, Variant(**told), stock, notes + about_stock)


def _sale(row: Row, told: dict[str, Any], currency: str) -> list[str]:
    for field, column in (("sale_from", "Date sale price starts"), ("sale_until", "Date sale price ends")):
        if column in row.values:
            told[field] = row.values[column]
    if "Sale price" in row.values:
        amount = row.values["Sale price"]
        told["sale"] = None if amount is None else minor(amount, currency)
        if amount is not None and told["sale"] >= told["regular"]:
            told["sale"] = None
            return ["the sale price is not below the regular price and is left out"]
    return []


def _variation(row: Row, told: dict[str, Any]) -> list[str]:
    pictures, notes = pictures_of(row)
    if "Images" in row.values:
        told["picture"] = next(iter(pictures), None)
    if HAS_ATTRIBUTES in row.values:
        told["attributes"] = {name: values[0] for name, values in row.attributes.items() if values}
    free = [name for name, values in row.attributes.items() if not values]
    return notes + [f"it stands for any {name}, which is not chosen here" for name in free]


def _stock(row: Row) -> tuple[int | None, list[str]]:
    """The pieces there are, None when nobody counts them, and what is to be noted about that."""
    stock, available = row.values.get("Stock"), row.values.get("In stock?", "1")
    if available == "0":
        return 0, []
    if stock == MANAGED_BY_PARENT:
        return 0, ["its stock is counted together with its siblings', which is not done here: 0 until it is counted"]
    if stock is None and available == "backorder":
        return 0, ["it is on backorder, which is not offered here: its stock is 0"]
    if stock is None:
        return None, []
    if stock != int(stock):
        raise ValueError(f"its stock of {stock} is not a whole number of pieces")
    return max(0, int(stock)), []  # WooCommerce counts below zero when it sells on backorder


def told_of_product(row: Row) -> tuple[dict[str, Any], list[str]]:
    """The product's fields, of the columns that the file has, and what is to be noted about them."""
    told = {field: row.values[column] for field, column in _FIELDS.items() if column in row.values}
    pictures, notes = pictures_of(row)
    if "published" in told:
        told["published"] = told["published"] == "1"
    if "pictures" in told:
        told["pictures"] = pictures
    if HAS_ATTRIBUTES in row.values:
        told["attributes"] = [Attribute(name=name, values=values) for name, values in row.attributes.items()]
    return told, notes


def pictures_of(row: Row) -> tuple[list[str], list[str]]:
    """The pictures that have an address; files in WooCommerce's own media library cannot be reached from here."""
    images = row.values.get("Images", [])
    lost = [image for image in images if not re.match(URL, image)]
    return [image for image in images if image not in lost], [
        f"picture {image[:80]!r} has no address" for image in lost
    ]
