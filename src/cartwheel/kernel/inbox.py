"""The inbox: a consumer remembers each event in the transaction of its effect, so a second delivery changes nothing.

Handlers are registered by event type and get a unit of work; they have no way to change anything outside it, except
through a provider call that carries a key of its own (payment). So a handler that is not safe to repeat has no place
to be registered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

from .clock import epoch, now
from .conditions import NotExists
from .events import Envelope, Event
from .store import EXPIRES, Put, Store, Write
from .unit_of_work import UnitOfWork, run

REMEMBERED: Final = timedelta(days=20)  # longer than a message can live: 4 days in its queue, 14 as a dead letter

Handler = Callable[[Any, UnitOfWork], None]
Typed = TypeVar("Typed", bound=Event)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A delivery whose effect is worked out but not yet stored."""

    envelope: Envelope
    writes: list[Write]


class Inbox:
    """The handlers of one consumer, by event type."""

    def __init__(self, consumer: str, table: str) -> None:
        self.consumer = consumer
        self.table = table
        self._handlers: dict[tuple[str, str], tuple[type[Event], Handler]] = {}

    def on(
        self, event_type: type[Typed]
    ) -> Callable[[Callable[[Typed, UnitOfWork], None]], Callable[[Typed, UnitOfWork], None]]:
        """Register the handler of an event type."""

        def register(handler: Callable[[Typed, UnitOfWork], None]) -> Callable[[Typed, UnitOfWork], None]:
            self._handlers[event_type.source, event_type.detail_type()] = (event_type, handler)
            return handler

        return register

    @property
    def event_types(self) -> list[type[Event]]:
        return [event_type for event_type, _ in self._handlers.values()]

    def prepare(self, store: Store, envelope: Envelope) -> "Prepared":
        """What the event's handler wants to change, with the mark as the first write. Nothing is written yet.

        Raises ValueError for what is no event of ours; it will be retried and then dead-lettered, never dropped.
        """
        unit = UnitOfWork(store, self.table, envelope.cause())
        self._work(envelope)(unit)
        return Prepared(envelope, unit.all_writes(self._mark(envelope)))

    def deliver(self, store: Store, envelope: Envelope) -> bool:
        """Handle one event by itself, again on fresh reads when others were faster. False: it had been handled."""
        return run(store, self.table, envelope.cause(), self._work(envelope), lambda _: self._mark(envelope)) is True

    def _work(self, envelope: Envelope) -> Callable[[UnitOfWork], bool]:
        try:
            event_type, handler = self._handlers[envelope.source, envelope.detail_type]
        except KeyError:
            raise ValueError(f"{self.consumer} has no handler for {envelope.source} {envelope.detail_type}") from None
        event = event_type.model_validate(envelope.detail["data"])

        def work(unit: UnitOfWork) -> bool:
            handler(event, unit)
            return True

        return work

    def _mark(self, envelope: Envelope) -> Put:
        key = f"INBOX#{self.consumer}#{envelope.id}"
        item = {"PK": key, "SK": key, EXPIRES: epoch(now() + REMEMBERED)}
        return Put(self.table, item, NotExists())
