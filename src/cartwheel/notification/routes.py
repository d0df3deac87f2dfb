"""HTTP in: the staff's view of the mailbox."""

import base64
import re
from itertools import islice
from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from cartwheel.kernel import http, projection_routes
from cartwheel.kernel.cipher import NotAuthentic
from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.environment import environment
from cartwheel.kernel.schema import Record
from cartwheel.kernel.store import InvalidCursor
from cartwheel.kernel.vault import EMAIL, Opener, opener

from . import store
from .model import Kind, Mail, MailState
from .rebuilt import MAILS

app = http.api("notification")

_POSITION: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-[!-~]+")


class MailAnswer(Record):
    """A mail as it was written; QUEUED while the mail server has not taken it.

    `to` is null once its recipient was erased, and where the address cannot be read.
    """

    message_id: str
    order_id: str
    kind: Kind
    to: str | None
    subject: str
    text: str
    state: MailState
    created_at: str


class MailPage(Record):
    """A page of mails, newest first; `next` is the cursor of the next page, null after the last."""

    items: list[MailAnswer]
    next: str | None


@app.get(
    "/mailbox",
    **http.route("List the mails, newest first", MailPage, role="staff"),
    openapi_extensions=http.READS_PERSONAL,
)
def list_mails(
    limit: Annotated[int, Query(ge=1, le=100)] = 20, cursor: Annotated[str | None, Query()] = None
) -> Response[str]:
    # "~" is after every id: a mail of this very millisecond is on the first page too.
    before = _decoded(cursor) if cursor else timestamp(now()) + "~"
    mails = list(islice(store.newest_first(environment().store, before, limit), limit + 1))
    opened = opener(environment().store)
    items = [MailAnswer.model_validate({**mail.model_dump(), "to": _address(mail, opened)}) for mail in mails[:limit]]
    return http.page(MailPage(items=items, next=_encoded(mails[limit - 1]) if len(mails) > limit else None))


def _address(mail: Mail, opened: Opener) -> str | None:
    try:
        return opened(EMAIL, mail.to)
    except NotAuthentic:  # one broken mail must not hide all others
        return None


def _encoded(last: Mail) -> str:
    return base64.urlsafe_b64encode(store.position(last).encode()).decode()


def _decoded(cursor: str) -> str:
    try:
        position = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode()
    except ValueError:
        raise InvalidCursor("not base64") from None
    if not _POSITION.fullmatch(position):
        raise InvalidCursor("not a position")
    return position


projection_routes.add(app, MAILS)
handler = http.handler(app)
