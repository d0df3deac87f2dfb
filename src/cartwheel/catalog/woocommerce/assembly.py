"""Rows put together to products, in whatever order they come."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from ..draft import Draft, DraftRow, ReportRow
from ..fields import MAX_VARIANTS
from ..model import Content
from .rows import Row
from .translation import Sold, guards, reason, sold, told_of_product, unfit


@dataclass
class Assembly:
    """Takes rows, gives drafts and the rows that could not be taken."""

    currency: str
    drafts: list[Draft] = field(default_factory=list)
    refused: list[ReportRow] = field(default_factory=list)

    def add(self, rows: Sequence[Row]) -> None:
        fit = self._fit(rows)
        variable = [row for row in fit if row.kind == "variable"]
        parents = {key: row for row in reversed(variable) for key in row.keys}
        variations: dict[int, list[Sold]] = {row.line: [] for row in variable}
        for row in fit:
            if row.kind == "variation":
                self._attach(row, parents.get(row.text("Parent")), variations)
            elif row.kind == "simple" and (one := self._sold(row)):
                self._take(row, [one])
        for row in variable:
            self._take_variable(row, variations[row.line])

    def _fit(self, rows: Sequence[Row]) -> list[Row]:
        """Those of a kind that is sold here and that can be told from all others."""
        lines: dict[str, int] = {}
        fit = []
        for row in rows:
            if why := unfit(row):
                self._refuse(row, why)
            elif row.own_sku in lines:
                self._refuse(row, f"line {lines[row.own_sku]} has the same SKU or ID")
            else:
                lines[row.own_sku] = row.line
                fit.append(row)
        return fit

    def _sold(self, row: Row) -> Sold | None:
        try:
            return sold(row, self.currency)
        except ValueError as error:
            self._refuse(row, reason(error))
            return None

    def _attach(self, row: Row, parent: Row | None, variations: dict[int, list[Sold]]) -> None:
        if parent is None:
            self._refuse(row, f"its parent {row.text('Parent')!r} is not in the file as a variable product")
        elif row.values.get("Published", "1") != "1":
            self._refuse(row, "this variation is not published")
        elif one := self._sold(row):
            variations[parent.line].append(one)

    def _take_variable(self, row: Row, variations: list[Sold]) -> None:
        if not variations:
            self._refuse(row, "none of its variations can be taken")
        elif len(variations) > MAX_VARIANTS:
            self._refuse_all(row, variations, f"it has more than {MAX_VARIANTS} variations")
        else:
            self._take(row, sorted(variations, key=lambda one: (one.row.values.get("Position") or 0, one.row.line)))

    def _take(self, row: Row, variants: list[Sold]) -> None:
        try:
            told, notes = told_of_product(row)
            content = Content(currency=self.currency, variants=[one.variant for one in variants], **told)
        except ValidationError as error:
            self._refuse_all(row, variants, reason(error))
            return
        if row.kind == "simple":
            rows = [one.draft(notes) for one in variants]
        else:
            head = DraftRow(line=row.line, reference=row.reference, heads=True, note="; ".join(notes) or None)
            rows = [head, *(one.draft([]) for one in variants)]
        self.drafts.append(Draft(content=content, guards=guards(row), rows=rows))

    def _refuse_all(self, row: Row, variants: list[Sold], why: str) -> None:
        self._refuse(row, why)
        for one in variants:
            if one.row is not row:
                self._refuse(one.row, f"its product in line {row.line} is refused")

    def _refuse(self, row: Row, why: str) -> None:
        self.refused.append(
            ReportRow(line=row.line, reference=row.reference[:100], outcome="refused", reason=why[:500])
        )
