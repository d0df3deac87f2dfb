"""Pages of events, as `GET /events` answers them: by type, by subject or by story, in the order of time."""

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from cartwheel.kernel.errors import FieldError, Invalid
from cartwheel.kernel.schema import Record
from cartwheel.kernel.store import Store

from . import store
from .model import Recorded
from .walk import By, Walk


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


def asked(by: dict[By, str | None]) -> tuple[By, str]:
    """The one thing that is asked by, of all that one may. Raises Invalid."""
    given = [(name, value) for name, value in by.items() if value is not None]
    if len(given) != 1:
        reason = "give one of `type`, `subject` and `correlation`" + (", not several" if given else "")
        names = [name for name, _ in given] or list(by)
        raise Invalid(f"query: {reason}", [FieldError(field=f"query.{name}", reason=reason) for name in names])
    return given[0]


def page(
    events: Store, by: By, value: str, start: datetime | None, end: datetime | None, limit: int, cursor: str | None
) -> EventPage:
    """Raises Invalid, and InvalidCursor."""
    walk = Walk.go_on(cursor, by, value, start, end) if cursor else Walk.begin(by, value, start, end)
    found = list(islice(_ahead(events, walk, limit + 1), limit + 1))
    following = walk.cursor_after(found[limit - 1].position) if len(found) > limit else None
    return EventPage(items=[EventAnswer.of(event) for event in found[:limit]], next=following)


def _ahead(events: Store, walk: Walk, most: int) -> Iterator[Recorded]:
    match walk.by:
        case "type":
            return store.in_order(events, walk.value, walk.start, walk.end, walk.after, most)
        case "subject":
            return store.of_subject(events, walk.value, walk.after, walk.start, walk.end, most)
        case "correlation":
            return store.of_correlation(events, walk.value, walk.after, walk.start, walk.end, most)
