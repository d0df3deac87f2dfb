"""HTTP in: the audit, for admins to read and to verify."""

from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import AwareDatetime

from cartwheel.kernel import http
from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.environment import environment
from cartwheel.kernel.errors import FieldError, Invalid
from cartwheel.kernel.schema import Record

from . import store

app = http.api("audit")


class AuditHead(Record):
    """How far the chain is: the seq and the hash of its last entry; 0 and sixty-four zeros before the first one."""

    seq: int
    hash: str


class AuditEntry(Record):
    """An entry: `seq` is its place, `entry` its JSON text, and `hash` the SHA-256 of that text."""

    seq: int
    who: str
    hash: str
    entry: str


class AuditPage(Record):
    """A page of entries, oldest first; `next` is the cursor of the next page, null after the last."""

    items: list[AuditEntry]
    next: str | None


@app.get("/audit", **http.route("List what staff did, oldest first", AuditPage, role="admin"))
def list_entries(
    who: Annotated[str | None, Query(min_length=1, max_length=200, description="Only what this subject did.")] = None,
    start: Annotated[AwareDatetime | None, Query(alias="from", description="Recorded then or later.")] = None,
    end: Annotated[AwareDatetime | None, Query(alias="to", description="Recorded before.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query()] = None,
) -> Response[str]:
    reader = environment().store
    first = store.first_since(reader, _time(start, "from")) if start else 1
    last = store.first_since(reader, _time(end, "to")) - 1 if end else store.LAST
    if first > last:
        return http.page(AuditPage(items=[], next=None))
    page = store.page(reader, who, (first, last), limit, cursor)
    items = [
        AuditEntry(seq=int(item["SK"].rpartition("#")[2]), who=item["who"], hash=item["hash"], entry=item["entry"])
        for item in page.items
    ]
    return http.page(AuditPage(items=items, next=page.next))


@app.get("/audit/head", **http.route("Tell how far the audit is", AuditHead, role="admin"))
def read_head() -> Response[str]:
    head = store.find_head(environment().store)
    return http.answer(AuditHead(seq=head.seq, hash=head.hash))


def _time(moment: datetime, name: str) -> str:
    """Raises Invalid."""
    if not 1970 <= moment.year < 9999:
        reason = "must be between the years 1970 and 9998"
        raise Invalid(f"query.{name}: {reason}", [FieldError(field=f"query.{name}", reason=reason)])
    return timestamp(moment)


handler = http.handler(app)
