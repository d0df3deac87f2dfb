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


@dataclass(frozen=True, slots=True)
class Failure:
    """A message whose handling failed in this delivery, and the error (no personal data)."""

    id: str
    error: str


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
