"""Imports in the catalog's table.

IMPORT#<id>    HEAD          how far the import is
IMPORT#<id>    CHUNK#0001    a piece of the file, waiting to be applied
IMPORT#<id>    REPORT#0001   what became of its rows
PRODUCT#<id>   IMPORT        a product's note of the last import that changed it
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, Literal

from pydantic import Field

from cartwheel.kernel.clock import epoch, now
from cartwheel.kernel.conditions import Equals, Exists, NotExists
from cartwheel.kernel.schema import Record
from cartwheel.kernel.store import EXPIRES, Delete, Item, Key, Page, Put, Query, Store, Update

from .draft import Draft, ReportRow
from .store import TABLE, product_pk

KEPT: Final = timedelta(days=30)
HEAD: Final = "HEAD"
NOTE: Final = "IMPORT"


class Import(Record):
    """How far an import is: chunks applied, and rows by what became of them."""

    import_id: str
    rows: int
    chunks: int
    ignored_columns: list[str]
    applied: int = 0
    taken: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0

    @property
    def status(self) -> Literal["running", "done"]:
        return "done" if self.applied >= self.chunks else "running"

    @property
    def done(self) -> int:
        return self.taken + self.changed + self.unchanged + self.refused


class Chunk(Record):
    """A piece of an import that is applied by one delivery."""

    drafts: list[Draft] = Field(default_factory=list)
    refused: list[ReportRow] = Field(default_factory=list)


class Note(Record):
    """What the last import that changed a product did with it, and the stock that imports told for its SKUs."""

    import_id: str
    rows: list[ReportRow]
    counted: dict[str, int | None]


def _import_pk(import_id: str) -> str:
    return f"IMPORT#{import_id}"


def _put(import_id: str, sk: str, content: dict[str, Any]) -> Put:
    item = {"PK": _import_pk(import_id), "SK": sk, **content, EXPIRES: epoch(now() + KEPT)}
    return Put(TABLE, item, NotExists())


def put_head(head: Import) -> Put:
    return _put(head.import_id, HEAD, head.model_dump(mode="json", by_alias=True))


def head(store: Store, import_id: str) -> Import | None:
    item = store.get(TABLE, Key(_import_pk(import_id), HEAD))
    return Import.model_validate(item) if item else None


def put_chunk(import_id: str, number: int, chunk: Chunk) -> Put:
    return _put(import_id, f"CHUNK#{number:04}", dump(chunk))


def dump(record: Chunk | Draft | ReportRow) -> Item:
    """What is unset stays unset: it is how a draft knows what the file does not tell."""
    return record.model_dump(mode="json", by_alias=True, exclude_unset=True)


def chunk(store: Store, import_id: str, number: int) -> Chunk:
    """Raises LookupError when it has expired: then its message is too old to mean anything."""
    item = store.get(TABLE, Key(_import_pk(import_id), f"CHUNK#{number:04}"))
    if item is None:
        raise LookupError(f"import {import_id} has no chunk {number}")
    return Chunk.model_validate(item)


def _report_sk(number: int) -> str:
    return f"REPORT#{number:04}"


def is_reported(store: Store, import_id: str, number: int) -> bool:
    return store.get(TABLE, Key(_import_pk(import_id), _report_sk(number))) is not None


def put_report(import_id: str, number: int, rows: Sequence[ReportRow]) -> Put:
    return _put(import_id, _report_sk(number), {"rows": _rows(rows)})


def _rows(rows: Sequence[ReportRow]) -> list[dict[str, Any]]:
    return [row.model_dump(mode="json", by_alias=True, exclude_none=True) for row in rows]


def advance(import_id: str, rows: Sequence[ReportRow]) -> Update:
    """One more chunk is applied, with these outcomes."""
    outcomes = dict(Counter[str](row.outcome for row in rows))
    return Update(TABLE, Key(_import_pk(import_id), HEAD), add={"applied": 1, **outcomes}, condition=Exists())


def reports(store: Store, import_id: str, limit: int, cursor: str | None) -> Page:
    """The reports of the chunks applied so far, in the order of the file."""
    return store.query(Query(TABLE, _import_pk(import_id), prefix="REPORT#", limit=limit, cursor=cursor))


def note(store: Store, product_id: str) -> Note | None:
    item = store.get(TABLE, Key(product_pk(product_id), NOTE))
    return Note.model_validate(item) if item else None


def put_note(product_id: str, new: Note, old: Note | None) -> Put:
    """Store the note, if no other import was faster."""
    item = {"PK": product_pk(product_id), "SK": NOTE, "importId": new.import_id, "counted": new.counted}
    condition = Equals("importId", old.import_id) if old else NotExists()
    return Put(TABLE, item | {"rows": _rows(new.rows)}, condition)


def delete_note(product_id: str) -> Delete:
    return Delete(TABLE, Key(product_pk(product_id), NOTE))
