"""WooCommerce's product export as drafts: pure, so that a whole file is judged before anything of it is stored.

    bytes ─ csvfile ─► records ─ rows, cells ─► typed rows ─ assembly, translation ─► drafts and refused rows
              └──────────────────────┴── a broken file is refused whole, with line numbers

A row that is well-formed but cannot be sold here is reported with the reason, and the others are taken.
"""

import re
from dataclasses import dataclass
from typing import Final

from ..draft import Draft, ReportRow
from . import csvfile
from .assembly import Assembly
from .rows import Row, read_rows

CARRIED: Final = re.compile(
    r"ID|Type|SKU|Name|Published|Visibility in catalog|Short description|Description|Date sale price (starts|ends)|"
    r"In stock\?|Stock|Sale price|Regular price|Categories|Images|Parent|Position|Attribute \d+ (name|value\(s\))"
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file that can be imported. Each row is in one draft or among the refused."""

    drafts: list[Draft]
    refused: list[ReportRow]
    ignored_columns: list[str]

    @property
    def rows(self) -> int:
        return len(self.refused) + sum(len(draft.rows) for draft in self.drafts)


def parse(data: bytes, currency: str) -> Parsed:
    """The products of a file, with prices in the currency. Raises Invalid with line numbers when it is broken."""
    sheet = csvfile.read(data)
    rows = read_rows(sheet)
    assembly = Assembly(currency)
    assembly.add(rows)
    return Parsed(assembly.drafts, assembly.refused, _ignored(sheet, rows))


def _ignored(sheet: csvfile.Sheet, rows: list[Row]) -> list[str]:
    """The columns that say something we do not carry."""
    filled = {column for record in sheet.records for column, cell in record.cells.items() if cell.strip()}
    ignored = [column for column in sheet.columns if column in filled and not CARRIED.fullmatch(column)]
    if any(row.kind == "variation" and row.text("Description") for row in rows):
        ignored.append("Description (of variations)")
    return ignored
