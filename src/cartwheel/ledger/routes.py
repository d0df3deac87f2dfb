"""HTTP in: the staff's view of the ledger."""

import json
from itertools import islice
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import AwareDatetime, StringConstraints

from cartwheel.kernel import http
from cartwheel.kernel.environment import environment
from cartwheel.kernel.schema import Record

from . import store
from .model import Recorded
from .walk import Walk

app = http.api("ledger")

Type = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class EventAnswer(Record):
    """An event as it went over the bus; `type` is its detail-type."""

    id: str
    source: str
    type: str
    time: str
    detail: Any

    @classmethod
    def of(cls, event: Recorded) -> "EventAnswer":
        detail = json.loads(event.detail)
        return cls(id=event.event_id, source=event.source, type=event.detail_type, time=event.time, detail=detail)


class EventPage(Record):
    """A page of events, oldest first; `next` is the cursor of the next page, null after the last."""

    items: list[EventAnswer]
    next: str | None


@app.get("/events", **http.route("List the events of a type and time, oldest first", EventPage, role="staff"))
def list_events(
    event_type: Annotated[Type, Query(alias="type")],
    start: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    end: Annotated[AwareDatetime | None, Query(alias="to")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query()] = None,
) -> Response[str]:
    walk = Walk.go_on(cursor, event_type, start, end) if cursor else Walk.begin(event_type, start, end)
    ahead = store.in_order(environment().store, walk.type, walk.start, walk.end, walk.after, limit)
    events = list(islice(ahead, limit + 1))
    following = walk.cursor_after(events[limit - 1].position) if len(events) > limit else None
    return http.page(EventPage(items=[EventAnswer.of(event) for event in events[:limit]], next=following))


handler = http.handler(app)
