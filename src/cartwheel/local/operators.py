"""What operators ask of the host: queues, dead letters, events. Under `/_host`, for staff tokens only."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs

from cartwheel.kernel.caller import Caller
from cartwheel.kernel.errors import Forbidden, Invalid, NotFound, Unauthorised
from cartwheel.kernel.topology import App

from .gateway import HttpAnswer, HttpRequest
from .identity import Signer
from .queues import statistics
from .triage import Triage

PAGE: Final = 100
SCAN: Final = 1000  # events that one answer looks at for those of a type: the host does nothing else meanwhile

EVENTS: Final = (
    "SELECT position, body FROM events WHERE position BETWEEN ?1 AND ?2 "
    """AND (?3 IS NULL OR json_extract(body, '$."detail-type"') = ?3)"""
)

Query = dict[str, str]


@dataclass
class Operators:
    """Reads on a connection of its own."""

    PREFIX: ClassVar[str] = "/_host/"

    app: App
    reader: sqlite3.Connection
    triage: Triage
    signer: Signer
    backlog: Callable[[], int]

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        """Raises a Problem for whoever may not ask, and for what there is not."""
        caller = self._require_staff(request)
        query = {name: values[-1] for name, values in parse_qs(request.query).items()}
        place = request.path.removeprefix(self.PREFIX).split("/")
        match request.method, place:
            case "GET", ["queues"]:
                return _json(statistics(self.reader, self.app))
            case method, ["dead-letters", *_]:
                return _json(await self.triage.answer(method, place, request.query, caller))
            case "GET", ["events"]:
                return _json(self._newest_events(query) if "last" in query else self._events_after(query))
        raise NotFound("Operators can ask for queues, dead-letters and events.")

    def _require_staff(self, request: HttpRequest) -> str:
        """Who it is."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthorised("Send a staff token: Authorization: Bearer <token>.")
        claims = self.signer.verify(token.strip())
        if not Caller.of({"requestContext": {"authorizer": {"jwt": {"claims": claims}}}}).is_staff:
            raise Forbidden("Only staff may do this.")
        return claims["sub"]

    def _events_after(self, query: Query) -> dict[str, Any]:
        """A page of the events behind position `after`, oldest first; `after` is where the next one begins."""
        oldest, newest = self._positions()
        after = max(_number(query, "after"), oldest - 1)
        end = min(after + SCAN, newest)
        rows = self._events(after + 1, end, query, "ASC", PAGE)
        return {"items": _bodies(rows), "after": rows[-1][0] if len(rows) == PAGE else max(after, end)}

    def _newest_events(self, query: Query) -> dict[str, Any]:
        """The `last` events in front of position `before`, oldest first, or fewer: then `before` says where to ask on,
        until it is None. `after` is the position of the newest event of all."""
        oldest, newest = self._positions()
        end = _number(query, "before") - 1 if "before" in query else newest
        start = max(end - SCAN + 1, oldest)
        most = min(_number(query, "last"), PAGE)
        rows = self._events(start, end, query, "DESC", most)
        before = rows[-1][0] if len(rows) == most and rows else start
        return {"items": _bodies(rows[::-1]), "before": before if before > oldest else None, "after": newest}

    def _positions(self) -> tuple[int, int]:
        """Of the oldest and the newest event; there is no gap between them."""
        found = self.reader.execute("SELECT coalesce(min(position), 1), coalesce(max(position), 0) FROM events")
        oldest, newest = found.fetchone()
        return oldest, newest

    def _events(self, start: int, end: int, query: Query, order: str, most: int) -> list[tuple[int, str]]:
        return self.reader.execute(
            f"{EVENTS} ORDER BY position {order} LIMIT ?4", (start, end, query.get("type"), most)
        ).fetchall()


def _bodies(rows: list[tuple[int, str]]) -> list[Any]:
    return [json.loads(body) for _, body in rows]


def _number(query: Query, name: str) -> int:
    text = query.get(name, "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Invalid(f"query.{name}: must be a whole number")
    return int(text)


def _json(document: Any) -> HttpAnswer:
    return HttpAnswer(200, {"Content-Type": "application/json"}, json.dumps(document).encode())
