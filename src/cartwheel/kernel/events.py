"""Events: typed facts, and the envelope in which they travel."""

from typing import Any, ClassVar

from .envelope import MAX_ENTRY_BYTES, Cause, Envelope
from .schema import Record

__all__ = ["MAX_ENTRY_BYTES", "Cause", "Envelope", "Event"]


class Event(Record):
    """The `data` of an event. A subclass names its source and the field that identifies its subject.

    class OrderPlaced(Event, source="cartwheel.ordering", subject="order_id"): ...
    """

    source: ClassVar[str]
    subject_field: ClassVar[str]
    version: ClassVar[int] = 1

    def __init_subclass__(cls, source: str, subject: str, version: int = 1, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.source, cls.subject_field, cls.version = source, subject, version

    @classmethod
    def detail_type(cls) -> str:
        return cls.__name__

    def subject(self) -> str:
        """The id of the thing the event is about: all events of one thing carry the same subject."""
        return str(getattr(self, self.subject_field))
