"""The `Bus` port: publish events; the rules of the map carry them to the queues of their consumers.

A slice's own facts go out through its outbox, and the relay publishes them. What is no fact of a slice, because nothing
is stored with it, goes in by the `Entrance`, for which a function declares the access `publish`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

from .envelope import Envelope
from .store import AccessDenied

PUBLISH: Final = "publish"
ARCHIVED: Final = timedelta(days=3653)  # ten years: as long as the law wants a shop's books to be kept in most places
OWN: Final = "cartwheel."  # begins the source of every slice


@dataclass(frozen=True, slots=True)
class Rejected:
    """An entry the bus did not take, by its position, and why."""

    position: int
    reason: str


class Bus(Protocol):
    """Where facts are announced. Delivery is at least once and in no promised order."""

    def publish(self, entries: Sequence[Envelope]) -> list[Rejected]:
        """Hand over the entries; the answer names those that were *not* taken. Empty means all are safe."""


class NotTaken(Exception):
    """The bus did not take the event, or did not say that it has; the text says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event without metadata of ours: its id and time are the bus's. Raises ValueError for one of a slice."""

    source: str
    detail_type: str
    detail: dict[str, Any]

    def __post_init__(self) -> None:
        if self.source.startswith(OWN):
            raise ValueError(f"{self.source} announces facts that it stores: emit them, for the outbox to carry")


class Entrance(Protocol):
    """The way onto the bus for what no outbox carries."""

    def put(self, entry: Entry) -> str:
        """The id that the bus gave the event, which is safe then. Raises NotTaken, and AccessDenied."""


@dataclass(frozen=True, slots=True)
class NoEntrance:
    """What a function has that does not declare `publish`."""

    function: str = "this function"

    def put(self, entry: Entry) -> str:
        raise AccessDenied(f"{self.function} has not declared {PUBLISH!r} in the map")
