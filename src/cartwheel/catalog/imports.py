"""Imports: a validated file is stored in chunks, and each chunk is applied by a delivery of its own.

POST ─ parse ─ chunks ─► one transaction: head + an ImportRequested per chunk ─► 202
                 │ crash here: chunks that nobody knows, they expire
ImportRequested ─► product by product, each in its own transaction ─► report + progress + inbox mark
                        │ crash here: delivered again; a product's note says what this import did with it
"""

from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError

from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.errors import Conflict, Invalid, NotFound, TooLarge
from cartwheel.kernel.ids import is_id, new_id
from cartwheel.kernel.store import Store
from cartwheel.kernel.unit_of_work import UnitOfWork, run

from . import import_store, service, store
from .draft import Applied, Draft, ReportRow, applied
from .events import ImportRequested, StockCounted
from .import_store import Chunk, Import, Note
from .model import Product, sku_guard
from .woocommerce import Parsed
from .woocommerce.translation import reason

MAX_PRODUCTS: Final = 25  # in a chunk: what is applied well within the function's time
MAX_ROWS: Final = 450  # in a chunk: with one product's more, its report fits into an item
MAX_BYTES: Final = 200_000  # in a chunk: with one product more, it fits into an item
MAX_CHUNKS: Final = 500  # their events fit into one outbox row
AT_ONCE: Final = 10  # chunks that fit into a transaction


def request(unit: UnitOfWork, parsed: Parsed) -> Import:
    """Store the file for its import. Raises TooLarge."""
    import_id = new_id()
    chunks = list(chunked(parsed))
    if len(chunks) > MAX_CHUNKS:
        raise TooLarge(f"One import takes about {MAX_CHUNKS * MAX_PRODUCTS} products; split the file.")
    puts = [import_store.put_chunk(import_id, number, chunk) for number, chunk in enumerate(chunks, start=1)]
    for first in range(0, len(puts), AT_ONCE):
        unit.store.transact(puts[first : first + AT_ONCE])
    columns = parsed.ignored_columns[:200]
    head = Import(import_id=import_id, rows=parsed.rows, chunks=len(chunks), ignored_columns=columns)
    unit.write(import_store.put_head(head))
    unit.emit(*(ImportRequested(import_id=import_id, chunk=number) for number in range(1, len(chunks) + 1)))
    return head


def chunked(parsed: Parsed) -> Iterator[Chunk]:
    """The file in pieces, in its order."""
    parts: list[Draft | ReportRow] = sorted([*parsed.drafts, *parsed.refused], key=lambda part: part.line)
    drafts: list[Draft] = []
    refused: list[ReportRow] = []
    rows = size = 0
    for part in parts:
        if len(drafts) >= MAX_PRODUCTS or rows >= MAX_ROWS or size >= MAX_BYTES:
            yield Chunk(drafts=drafts, refused=refused)
            drafts, refused, rows, size = [], [], 0, 0
        if isinstance(part, Draft):
            drafts.append(part)
        else:
            refused.append(part)
        rows += len(part.rows) if isinstance(part, Draft) else 1
        size += len(part.model_dump_json(exclude_unset=True).encode())
    if parts:
        yield Chunk(drafts=drafts, refused=refused)


def apply(unit: UnitOfWork, import_id: str, number: int) -> None:
    """Apply a chunk and report on its rows; what an interrupted delivery applied already is not applied again."""
    if import_store.is_reported(unit.store, import_id, number):
        return
    chunk = import_store.chunk(unit.store, import_id, number)
    rows = [*chunk.refused, *(row for draft in chunk.drafts for row in _take(unit, import_id, draft))]
    rows.sort(key=lambda row: row.line)
    unit.write(import_store.put_report(import_id, number, rows), import_store.advance(import_id, rows))


def _take(unit: UnitOfWork, import_id: str, draft: Draft) -> list[ReportRow]:
    """One product in a transaction of its own."""
    try:
        done = run(unit.store, unit.table, unit.cause, lambda own: _apply(own, import_id, draft))
    except (Conflict, Invalid) as problem:
        return draft.report("refused", problem.detail)
    except ValidationError as error:
        return draft.report("refused", reason(error))
    assert done is not None  # only a mark makes `run` answer None
    return done


def _apply(unit: UnitOfWork, import_id: str, draft: Draft) -> list[ReportRow]:
    old = _known(unit.store, draft)
    note = import_store.note(unit.store, old.product_id) if old else None
    if note and note.import_id == import_id:
        return note.rows
    if old and note and note.import_id > import_id:
        return draft.report("unchanged", "a later import changed it already", old.product_id)
    result = applied(draft, old, note.counted if note else {})
    product = _written(unit, draft, old, result)
    rows = [
        row.report(outcome, product_id=product.product_id)
        for row, outcome in zip(draft.rows, result.outcomes, strict=True)
    ]
    if result.changes:
        counted = {**(note.counted if note else {}), **result.counts}
        known = {sku: counted[sku] for sku in result.content.skus}
        unit.write(import_store.put_note(product.product_id, Note(import_id=import_id, rows=rows, counted=known), note))
    return rows


def _written(unit: UnitOfWork, draft: Draft, old: Product | None, result: Applied) -> Product:
    """The product as it is from now on, with its stock told."""
    counted_at = timestamp(now())
    unit.emit(*(StockCounted(sku=sku, quantity=count, counted_at=counted_at) for sku, count in result.counts.items()))
    if old is None:
        return service.create(unit, result.content, draft.guards[0])
    if old.content != result.content:
        return service.change(unit, old, result.content, draft.guards[0])
    if result.changes:
        unit.write(store.check_product(old))
    return old


def _known(items: Store, draft: Draft) -> Product | None:
    """The product that the draft tells about. Raises Conflict when its SKU is only one of another's variants."""
    for guard in draft.guards:
        product_id = store.owner(items, guard)
        product = store.product(items, product_id) if product_id else None
        if product and product.guard != guard and [sku_guard(sku) for sku in product.content.skus] != [guard]:
            raise Conflict(f"its SKU belongs to a variant of product {product.product_id}")
        if product:
            return product
    return None


def progress(items: Store, import_id: str) -> Import:
    """How far the import is. Raises NotFound."""
    head = import_store.head(items, import_id) if is_id(import_id) else None
    if head is None:
        raise NotFound("There is no import with this id; reports are kept for 30 days.")
    return head


def report(items: Store, import_id: str, cursor: str | None) -> tuple[list[ReportRow], str | None]:
    """A page of the rows reported so far."""
    page = import_store.reports(items, import_id, limit=5, cursor=cursor)
    return [ReportRow.model_validate(row) for item in page.items for row in item["rows"]], page.next
