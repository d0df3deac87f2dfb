"""Events: typed facts, and the envelope (EventBridge's form) in which they travel."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final

from .clock import now, timestamp
from .ids import new_id
from .schema import Record

MAX_ENTRY_BYTES: Final = 256 * 1024


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


@dataclass(frozen=True, slots=True)
class Cause:
    """What led to a piece of work: kept through every hop, so that a whole story can be told."""

    correlation_id: str
    causation_id: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event as it travels: EventBridge's fields, with our metadata beside the data in `detail`."""

    id: str
    source: str
    detail_type: str
    time: str
    detail: dict[str, Any] = field(hash=False)

    @classmethod
    def of(cls, event: Event, cause: Cause, moment: datetime | None = None) -> "Envelope":
        metadata = {
            "version": event.version,
            "subject": event.subject(),
            "correlationId": cause.correlation_id,
            "causationId": cause.causation_id,
        }
        if cause.traceparent:
            metadata["traceparent"] = cause.traceparent
        data = event.model_dump(mode="json", by_alias=True, exclude_none=True)
        time = timestamp(moment or now())
        return cls(new_id(), event.source, event.detail_type(), time, {"metadata": metadata, "data": data})

    @classmethod
    def parse(cls, event: dict[str, Any]) -> "Envelope":
        """From the bus's JSON. Raises ValueError when it is not an event at all."""
        for name in ("id", "source", "detail-type", "time", "detail"):
            if not isinstance(event.get(name), dict if name == "detail" else str):
                raise ValueError(f"not an event: no {name!r}, or not of its type")
        return cls(event["id"], event["source"], event["detail-type"], event["time"], event["detail"])

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "source": self.source,
            "detail-type": self.detail_type,
            "time": self.time,
            "detail": self.detail,
        }

    @property
    def subject(self) -> str | None:
        """The id of the thing the event is about; foreign events may not tell."""
        subject: str | None = self.detail.get("metadata", {}).get("subject")
        return subject

    def cause(self) -> Cause:
        """This event as the cause of what its consumer does. Foreign events need not carry our metadata."""
        metadata = self.detail.get("metadata", {})
        return Cause(metadata.get("correlationId", self.id), self.id, metadata.get("traceparent"))
