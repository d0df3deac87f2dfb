"""What operators ask of the host: queues, dead letters, events. Under `/_host`, for staff tokens only."""

import json
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs

import orjson

from cartwheel.kernel.errors import Forbidden, Invalid, NotFound
from cartwheel.kernel.topology import App

from . import acts, archive, mailbox
from .archive import Archived
from .callers import require_staff
from .channel import AsyncChannel
from .gateway import HttpAnswer, HttpRequest
from .identity import Signer
from .queues import statistics
from .triage import Triage

PAGE: Final = 100
SCAN: Final = 1000  # events that one answer looks at for those of a type: the host does nothing else meanwhile

Query = dict[str, str]


@dataclass
class Operators:
    """Reads on connections of its own: `mails` is to the host's mailbox."""

    PREFIX: ClassVar[str] = "/_host/"

    app: App
    reader: sqlite3.Connection
    mails: sqlite3.Connection
    triage: Triage
    storage: AsyncChannel
    signer: Signer
    backlog: Callable[[], int]

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        """Raises a Problem for whoever may not ask, and for what there is not."""
        caller = require_staff(self.signer, request)
        query = {name: values[-1] for name, values in parse_qs(request.query).items()}
        place = request.path.removeprefix(self.PREFIX).split("/")
        match request.method, place:
            case "GET", ["queues"]:
                return _json(statistics(self.reader, self.app))
            case method, ["dead-letters", *_]:
                return _json(await self.triage.answer(method, place, request.query, caller))
            case "GET", ["events"]:
                return _json(self._newest_events(query) if "last" in query else self._events_after(query))
            case "GET", ["mailbox"]:
                if "admin" not in caller.groups:
                    raise Forbidden("Only an admin may do this: the codes in these mails open accounts.")
                await self.storage.call("tell", acts.act(caller, "GET /_host/mailbox", query))
                return _json({"items": [mail.to_dict() for mail in mailbox.newest(self.mails, PAGE)]})
        raise NotFound("Operators can ask for queues, dead-letters, events and the mailbox.")

    def _events_after(self, query: Query) -> dict[str, Any]:
        """A page of the events behind position `after`, or since a time, oldest first; it is `after` that the next one
        begins behind."""
        oldest, newest = archive.positions(self.reader)
        begun = archive.position_at(self.reader, _milliseconds(query, "since")) - 1 if "since" in query else 0
        after = max(_number(query, "after"), begun, oldest - 1)
        end = min(after + SCAN, newest)
        page = list(islice(self._events(after + 1, end, query), PAGE))
        return {"items": _bodies(page), "after": page[-1].position if len(page) == PAGE else max(after, end)}

    def _newest_events(self, query: Query) -> dict[str, Any]:
        """The `last` events in front of position `before`, oldest first, or fewer: then `before` says where to ask on,
        until it is None. `after` is the position of the newest event of all."""
        oldest, newest = archive.positions(self.reader)
        end = _number(query, "before") - 1 if "before" in query else newest
        most = min(_number(query, "last"), PAGE)
        start = max(end - (SCAN if "type" in query else most) + 1, oldest)
        page = deque(self._events(start, end, query), maxlen=most)
        before = page[0].position if len(page) == most and page else start
        return {"items": _bodies(page), "before": before if before > oldest else None, "after": newest}

    def _events(self, start: int, end: int, query: Query) -> Iterator[Archived]:
        wanted = query.get("type")
        for event in archive.read(self.reader, start, end):
            if wanted is None or orjson.loads(event.body).get("detail-type") == wanted:
                yield event


def _bodies(events: Iterable[Archived]) -> list[Any]:
    return [json.loads(event.body) for event in events]


def _milliseconds(query: Query, name: str) -> int:
    try:
        moment = datetime.fromisoformat(query[name])
        if moment.tzinfo is None:
            raise ValueError
    except ValueError:
        raise Invalid(f"query.{name}: must be a time such as 2026-11-20T19:22:26Z") from None
    return int(moment.timestamp() * 1000)


def _number(query: Query, name: str) -> int:
    text = query.get(name, "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Invalid(f"query.{name}: must be a whole number")
    return int(text)


def _json(document: Any) -> HttpAnswer:
    return HttpAnswer(200, {"Content-Type": "application/json"}, json.dumps(document).encode())
