"""Past events, read from the ledger: those of a projection, oldest first, in chunks that a replay takes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from queue import Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .client import Client

KEPT: Final = timedelta(days=366)  # the ledger has nothing older
CHUNK: Final = 100  # events of one request
CHUNK_BYTES: Final = 512 * 1024
AHEAD: Final = 1000  # chunks that are read before they are sent

Past = dict[str, Any]  # an event as `GET /events` lists it
EventType = tuple[str, str]  # who emits it, and its name


@dataclass(frozen=True)
class Selection:
    """Which of a projection's events; None: all of them."""

    start: datetime | None = None
    end: datetime | None = None
    type: str | None = None
    subject: str | None = None

    @property
    def whole(self) -> bool:
        return self == Selection()


def events(
    shop: "Client", types: list[EventType], subject: str | None, start: datetime, end: datetime
) -> Iterator[Past]:
    """Those from `start` on and before `end`, oldest first."""
    times = {"from": start.isoformat(), "to": end.isoformat()}
    if subject is not None:
        listed = shop.items("/events", subject=subject, **times)
    else:
        names = sorted({name for _, name in types})
        listed = merge(*(shop.items("/events", type=name, **times) for name in names), key=_position)
    return (event for event in listed if (event["source"], event["type"]) in types)


def _position(event: Past) -> tuple[str, str]:
    return event["time"], event["id"]


class Ahead:
    """Chunks of events as bodies of requests, while further ones are read already. `total`: how many events in all.

    Raises what reading them raised.
    """

    def __init__(self, found: Iterator[Past]) -> None:
        self.total: int | None = None  # as long as there may be more
        self._found = found
        self._read: Queue[bytes | Exception | None] = Queue(AHEAD)
        self._left = Event()

    def __iter__(self) -> Iterator[bytes]:
        Thread(target=self._fetch, daemon=True).start()
        try:
            while (chunk := self._read.get()) is not None:
                if isinstance(chunk, Exception):
                    raise chunk
                yield chunk
        finally:
            self._left.set()

    def _fetch(self) -> None:
        try:
            for chunk in self._chunks():
                self._read.put(chunk)
                if self._left.is_set():
                    return
            self._read.put(None)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is for whoever waits
            self._read.put(error)

    def _chunks(self) -> Iterator[bytes]:
        """Each of as many events as one request takes."""
        waiting, size, read = list[str](), 0, 0
        for event in self._found:
            text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
            if waiting and (len(waiting) == CHUNK or size + len(text) > CHUNK_BYTES):
                yield _body(waiting)
                waiting, size = [], 0
            waiting.append(text)
            size += len(text)
            read += 1
        self.total = read
        if waiting:
            yield _body(waiting)


def _body(events: list[str]) -> bytes:
    return f'{{"events":[{",".join(events)}]}}'.encode()
