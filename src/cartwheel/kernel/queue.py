"""The `Queue` port: deliver, retry, dead-letter. A consumer's function sees SQS records on either host."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """A delivery of a message. `receives` counts deliveries, this one included."""

    id: str
    body: str
    receives: int
    sent_at: str

    def __reduce__(self) -> tuple[type["Message"], tuple[str, str, int, str]]:
        """So it is pickled a third as long as dataclasses with slots are, and each delivery is."""
        return type(self), (self.id, self.body, self.receives, self.sent_at)


@dataclass(frozen=True, slots=True)
class Failure:
    """A message whose handling failed in this delivery, and the error (no personal data)."""

    id: str
    error: str


@dataclass(frozen=True, slots=True)
class Retries:
    """What a queue does with a message that failed: it has `most` deliveries, the second one `delay` seconds after the
    first has failed, and twice as long from each to the next.
    """

    most: int = 5
    delay: float = 1

    def after(self, receives: int) -> float | None:
        """Seconds until the next delivery; None after the last: it is a dead letter."""
        return self.delay * 2 ** (receives - 1) if receives < self.most else None


class Queue(Protocol):
    """One queue with its dead letters."""

    def send(self, bodies: Sequence[str]) -> None:
        """Put the messages on the queue; durable on return."""

    def receive(self, most: int) -> list[Message]:
        """Up to `most` visible messages, hidden from others for the visibility timeout.

        A message that was received `max_receives` times already goes to the dead letters instead.
        """

    def settle(self, done: Sequence[str], failed: Sequence[Failure]) -> None:
        """Remove what is done; what failed becomes visible again after the retry delay."""
