"""The `Bus` port: publish events; the rules of the map carry them to the queues of their consumers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .envelope import Envelope


@dataclass(frozen=True, slots=True)
class Rejected:
    """An entry the bus did not take, by its position, and why."""

    position: int
    reason: str


class Bus(Protocol):
    """Where facts are announced. Delivery is at least once and in no promised order."""

    def publish(self, entries: Sequence[Envelope]) -> list[Rejected]:
        """Hand over the entries; the answer names those that were *not* taken. Empty means all are safe."""
