"""What an import file says about a product, and what came of it."""

from typing import Literal

from pydantic import Field

from cartwheel.kernel.schema import Record

from .model import Content, Product, merged

Outcome = Literal["taken", "changed", "unchanged", "refused"]


class ReportRow(Record):
    """What became of a row of the file. `line` is where it begins; `reference` is its SKU or `id:<ID>`."""

    line: int
    reference: str
    outcome: Outcome
    reason: str | None = None
    product_id: str | None = None


class DraftRow(Record):
    """A row of the file as part of a product: of the product itself (`heads`), of a variant (`sku`), or of both.

    `stock` is unset when the file does not tell it; None is stock that is not managed and never runs out.
    """

    line: int
    reference: str
    heads: bool
    sku: str | None = None
    stock: int | None = None
    note: str | None = None

    def report(self, outcome: Outcome, reason: str | None = None, product_id: str | None = None) -> ReportRow:
        return ReportRow(
            line=self.line,
            reference=self.reference,
            outcome=outcome,
            reason=reason or self.note,
            product_id=product_id,
        )


class Draft(Record):
    """A product as the file tells it: fields of columns that are not there are unset.

    `guards` are the keys by which it may be known here, best first; it is kept under the first.
    """

    content: Content
    guards: list[str]
    rows: list[DraftRow] = Field(min_length=1)

    @property
    def line(self) -> int:
        return min(row.line for row in self.rows)

    def report(self, outcome: Outcome, reason: str | None = None, product_id: str | None = None) -> list[ReportRow]:
        return [row.report(outcome, reason, product_id) for row in self.rows]


class Applied(Record):
    """What applying a draft to a product (None: a new one) leads to. `counts` are stocks that differ from the last
    import's: stock has been sold meanwhile, so an unchanged figure says nothing new.
    """

    content: Content
    counts: dict[str, int | None]
    outcomes: list[Outcome]

    @property
    def changes(self) -> bool:
        return any(outcome != "unchanged" for outcome in self.outcomes)


def applied(draft: Draft, old: Product | None, counted: dict[str, int | None]) -> Applied:
    """Compare a draft with the product and with the stock that imports told before."""
    content = merged(old.content, draft.content) if old else draft.content
    counts = {row.sku: row.stock for row in draft.rows if row.sku and _is_news(row, counted)}
    outcomes = [_outcome(row, old.content if old else None, content, counts) for row in draft.rows]
    return Applied(content=content, counts=counts, outcomes=outcomes)


def _is_news(row: DraftRow, counted: dict[str, int | None]) -> bool:
    return row.sku not in counted or ("stock" in row.model_fields_set and row.stock != counted[row.sku])


def _outcome(row: DraftRow, old: Content | None, new: Content, counts: dict[str, int | None]) -> Outcome:
    if old is None or not (row.heads or row.sku in old.skus):
        return "taken"
    return "changed" if row.sku in counts or _told(row, old) != _told(row, new) else "unchanged"


def _told(row: DraftRow, content: Content) -> object:
    """The part of a product that its row tells."""
    if not row.heads:
        return next(variant for variant in content.variants if variant.sku == row.sku)
    if row.sku:
        return content
    return content.model_copy(update={"variants": []}), content.skus
