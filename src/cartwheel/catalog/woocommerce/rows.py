"""The rows of a WooCommerce export, cell by cell: what cannot be read here makes the file a broken one."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Final

from cartwheel.kernel.errors import FieldError

from . import cells
from .csvfile import Record, Sheet, at, broken

REQUIRED: Final = ("Type", "Name", "Regular price")
MANAGED_BY_PARENT: Final = "parent"
HAS_ATTRIBUTES: Final = "Attribute 1 name"
# They say how a product is delivered, not what kind it is.
_FLAGS: Final = frozenset({"virtual", "downloadable"})


def _stock(cell: str) -> Decimal | str | None:
    return MANAGED_BY_PARENT if cells.plain(cell) == MANAGED_BY_PARENT else cells.number(cell)


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "Published": lambda cell: cells.one_of(cell, "1", "0", "-1"),
    "Visibility in catalog": lambda cell: cells.one_of(cell, "visible", "catalog", "search", "hidden"),
    "In stock?": lambda cell: cells.one_of(cell, "1", "0", "backorder"),
    "Stock": _stock,
    "Regular price": cells.number,
    "Sale price": cells.number,
    "Date sale price starts": cells.moment,
    "Date sale price ends": partial(cells.moment, ends=True),
    "Position": cells.number,
    "Description": cells.prose,
    "Short description": cells.prose,
    "Categories": lambda cell: [path.replace("&amp;", "&") for path in cells.listed(cell)],
    "Images": cells.listed,
}


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its values by column; a column that the file does not have is not among them."""

    line: int
    values: dict[str, Any]

    def text(self, column: str) -> str:
        return str(self.values.get(column, ""))

    @property
    def sku(self) -> str:
        return self.text("SKU")

    @property
    def own_sku(self) -> str:
        """The SKU; WooCommerce's id stands in where it has none."""
        return self.sku or f"woo-{self.text('ID')}"

    @property
    def reference(self) -> str:
        """As WooCommerce itself refers to the row."""
        return self.sku or f"id:{self.text('ID')}"

    @property
    def keys(self) -> list[str]:
        """What a variation may name it by as its parent."""
        woo_id = self.text("ID")
        return ([self.sku] if self.sku else []) + ([f"id:{woo_id}"] if woo_id else [])

    @property
    def types(self) -> list[str]:
        return [kind.casefold() for kind in cells.listed(self.text("Type"))]

    @property
    def kind(self) -> str:
        return ", ".join(kind for kind in self.types if kind not in _FLAGS) or "simple"

    @property
    def attributes(self) -> dict[str, list[str]]:
        """The values of each attribute, from the columns `Attribute 1 name`, `Attribute 1 value(s)` and so on."""
        numbers = [found[1] for column in self.values if (found := re.fullmatch(r"Attribute (\d+) name", column))]
        named = {number: name for number in numbers if (name := self.text(f"Attribute {number} name"))}
        return {name: cells.listed(self.text(f"Attribute {number} value(s)")) for number, name in named.items()}


def read_rows(sheet: Sheet) -> list[Row]:
    """Raises Invalid with the line and column of everything that cannot be read."""
    missing = [column for column in REQUIRED if column not in sheet.columns]
    if not {"SKU", "ID"} & set(sheet.columns):
        missing.append("SKU")
    if missing:
        names = ", ".join(map(repr, missing))
        raise broken([at(1, f"the header lacks {names}; export from WooCommerce in English, with all columns")])
    errors: list[FieldError] = []
    rows = [_row(record, errors) for record in sheet.records]
    if errors:
        raise broken(errors)
    return rows


def _row(record: Record, errors: list[FieldError]) -> Row:
    values: dict[str, Any] = {}
    for column, cell in record.cells.items():
        try:
            values[column] = _READERS.get(column, cells.plain)(cell)
        except ValueError as error:
            errors.append(at(record.line, f"{column!r}: {error}"))
    return Row(record.line, values)
