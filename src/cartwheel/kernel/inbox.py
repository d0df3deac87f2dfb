"""The inbox: a consumer remembers each event in the transaction of its effect, so a second delivery changes nothing.

Handlers are registered by event type and get a unit of work; they have no way to change anything outside it, except
through a provider call that carries a key of its own (payment). So a handler that is not safe to repeat has no place
to be registered. With each goes what it reads of the event: the consumer's side of the contract.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

from .clock import epoch, now
from .conditions import NotExists
from .envelope import NoEvent
from .events import Envelope, Event
from .store import EXPIRES, Put, Store, Write
from .unit_of_work import Measured, UnitOfWork, run

REMEMBERED: Final = timedelta(days=20)  # longer than a message can live: 4 days in its queue, 14 as a dead letter
# What was first sent at T is never forgotten before T + REMEMBERED. So it may be delivered, the first time or after any
# number of redrives, only up to T + this; the day between is for the handling itself.
DELIVERABLE: Final = REMEMBERED - timedelta(days=1)

Handler = Callable[[Envelope, UnitOfWork], None]
Mark = Callable[[Envelope], Put]
Typed = TypeVar("Typed", bound=Event)


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a consumer does when an event of ours comes, and the fields of the event that it reads."""

    event_type: type[Event]
    needs: tuple[str, ...]
    act: Callable[[Any, UnitOfWork], None]

    def __call__(self, envelope: Envelope, unit: UnitOfWork) -> None:
        self.act(self.event_type.read(envelope.detail), unit)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A delivery whose effect is worked out but not yet stored, and what is to be measured when it is."""

    envelope: Envelope
    writes: list[Write]
    measured: list[Measured]


class Inbox:
    """The handlers of one consumer, by event type.

    `mark` is the item by which it remembers an event, stored on the condition that it is not there; a consumer whose
    effect is to store the event needs no other.
    """

    def __init__(self, consumer: str, table: str, mark: Mark | None = None) -> None:
        self.consumer = consumer
        self.table = table
        self._mark = mark or self._note
        self._handlers: dict[tuple[str, str], Handler] = {}
        self._every: Handler | None = None

    def on(
        self, event_type: type[Typed], *needs: str
    ) -> Callable[[Callable[[Typed, UnitOfWork], None]], Callable[[Typed, UnitOfWork], None]]:
        """Register the handler of an event type, which reads these fields of it and no others.

        Raises TypeError when the event does not have them: who takes a field away hears whom that hits.
        """
        if lacking := [name for name in needs if name not in event_type.model_fields]:
            has = ", ".join(event_type.model_fields)
            raise TypeError(
                f"{self.consumer} needs {', '.join(lacking)} of {event_type.detail_type()}, which has {has}"
            )

        def register(handler: Callable[[Typed, UnitOfWork], None]) -> Callable[[Typed, UnitOfWork], None]:
            self._handlers[event_type.source, event_type.detail_type()] = Reaction(event_type, needs, handler)
            return handler

        return register

    def on_foreign(self, source: str, detail_type: str) -> Callable[[Handler], Handler]:
        """Register the handler of a type of event that no slice of the shop emits: it gets the event as it is."""

        def register(handler: Handler) -> Handler:
            self._handlers[source, detail_type] = handler
            return handler

        return register

    def on_every(self, handler: Handler) -> Handler:
        """Register the handler of all events that have no other, of whatever type: it gets each as it is."""
        self._every = handler
        return handler

    @property
    def handles_every(self) -> bool:
        """Whether no event is without a handler."""
        return self._every is not None

    @property
    def handles(self) -> set[tuple[str, str]]:
        """Source and type of every event that has a handler."""
        return set(self._handlers)

    @property
    def reactions(self) -> list[Reaction]:
        """The reactions to events of ours; who takes an event as it is needs nothing of it."""
        return [handler for handler in self._handlers.values() if isinstance(handler, Reaction)]

    def prepare(self, store: Store, envelope: Envelope) -> "Prepared":
        """What the event's handler wants to change, with the mark as the first write. Nothing is written yet.

        Raises ValueError for what is no event of ours; it will be retried and then dead-lettered, never dropped.
        """
        unit = UnitOfWork(store, self.table, envelope.cause())
        self.handle(envelope, unit)
        return Prepared(envelope, unit.all_writes(self._mark(envelope)), unit.measured)

    def deliver(self, store: Store, envelope: Envelope) -> bool:
        """Handle one event by itself, again on fresh reads when others were faster. False: it had been handled."""
        return run(store, self.table, envelope.cause(), self._work(envelope), lambda _: self._mark(envelope)) is True

    def handle(self, envelope: Envelope, unit: UnitOfWork) -> None:
        """Let the event's handler say what it wants to change, and no more. Raises NoEvent for what has none."""
        handler = self._handlers.get((envelope.source, envelope.detail_type), self._every)
        if not handler:
            raise NoEvent(f"{self.consumer} has no handler for {envelope.source} {envelope.detail_type}")
        handler(envelope, unit)

    def _work(self, envelope: Envelope) -> Callable[[UnitOfWork], bool]:
        def work(unit: UnitOfWork) -> bool:
            self.handle(envelope, unit)
            return True

        return work

    def _note(self, envelope: Envelope) -> Put:
        key = f"INBOX#{self.consumer}#{envelope.id}"
        item = {"PK": key, "SK": key, EXPIRES: epoch(now() + REMEMBERED)}
        return Put(self.table, item, NotExists())
