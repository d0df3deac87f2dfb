"""The `Journal` port: what the shop's functions have logged, and what its queues hold, of one thing.

Who tells a story reads it; nothing is decided by it. A function declares the access `journal` for that.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from .store import AccessDenied

JOURNAL: Final = "journal"
MOST_LINES: Final = 2000  # of one thing; a story of more can hardly be read

Line = dict[str, Any]


class Unreachable(Exception):
    """The journal cannot be read now; the text says why."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A failed one, with its error, or a redrive and who asked for it; `at` is the time, as text."""

    at: str
    error: str | None = None
    redriven_by: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A message that waits in the queue of a function, or, with the number of its letter, among its dead letters.

    `receives` counts its deliveries since it was last sent. `next_at` is when it may be delivered again; None if it is
    dead. `error` is that of its last delivery, None while it is under way.
    """

    function: str
    event_id: str
    event_type: str
    sent_at: str
    receives: int
    error: str | None = None
    next_at: str | None = None
    letter: int | None = None
    history: tuple[Delivery, ...] = field(default=())


class Journal(Protocol):
    """Lines and messages are found by the id of what they are about. Each method may raise Unreachable."""

    def lines(self, about: str, since: datetime) -> list[Line]:
        """The lines of all functions that have the id in them, oldest first: the newest `MOST_LINES` of them.

        Each has `timestamp` (ISO 8601, UTC) and `message`, and most have `function`.
        """

    def held(self, order_id: str) -> list[Held] | None:
        """What waits or has died in the queues of the shop; None where nobody can look into a queue."""


@dataclass(frozen=True, slots=True)
class NoJournal:
    """What a function has that does not declare `journal`."""

    function: str = "this function"

    def lines(self, about: str, since: datetime) -> list[Line]:
        raise self._denied()

    def held(self, order_id: str) -> list[Held] | None:
        raise self._denied()

    def _denied(self) -> AccessDenied:
        return AccessDenied(f"{self.function} has not declared {JOURNAL!r} in the map")
