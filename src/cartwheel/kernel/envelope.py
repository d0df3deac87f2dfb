"""The envelope (EventBridge's form) in which events travel. Who only passes events on needs no more than this."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from . import tracing
from .clock import now, timestamp
from .ids import new_id

if TYPE_CHECKING:
    from .events import Event  # brings the validation of data with it

MAX_ENTRY_BYTES: Final = 256 * 1024
MAX_ID: Final = 200  # letters of what others call an order


class NoEvent(ValueError):
    """A message that is no event of the consumer's; the text says why, and quotes none of it."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What led to a piece of work: kept through every hop, so that a whole story can be told."""

    correlation_id: str
    causation_id: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event as it travels: EventBridge's fields, with our metadata beside the data in `detail`.

    EventBridge gives every event an id and a time of its own, at every sending; ours are in the metadata, and are the
    ones that count.
    """

    id: str
    source: str
    detail_type: str
    time: str
    detail: dict[str, Any] = field(hash=False)

    @classmethod
    def of(cls, event: "Event", cause: Cause, moment: datetime | None = None) -> "Envelope":
        event_id, time = new_id(), timestamp(moment or now())
        metadata = {
            "id": event_id,
            "time": time,
            "version": event.version,
            "subject": event.subject(),
            "correlationId": cause.correlation_id,
            "causationId": cause.causation_id,
            **tracing.carried(),
        }
        data = event.model_dump(mode="json", by_alias=True, exclude_none=True)
        return cls(event_id, event.source, event.detail_type(), time, {"metadata": metadata, "data": data})

    @classmethod
    def parse(cls, event: dict[str, Any]) -> "Envelope":
        """From the bus's JSON; a foreign event has the bus's id and time. Raises NoEvent."""
        for name in ("id", "source", "detail-type", "time", "detail"):
            if not isinstance(event.get(name), dict if name == "detail" else str):
                raise NoEvent(f"not an event: no {name!r}, or not of its type")
        event_id, time = (_own(event, name) for name in ("id", "time"))
        return cls(event_id, event["source"], event["detail-type"], time, event["detail"])

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
        return self.told("subject")

    def told(self, name: str) -> str | None:
        """The text that our metadata have under a name; foreign events may have none."""
        return _text(_metadata(self.detail), name)

    @property
    def order_id(self) -> str | None:
        """The order that the event names, if it does."""
        data = self.detail.get("data")
        order_id = _text(data if isinstance(data, dict) else self.detail, "orderId")
        return order_id if order_id and len(order_id) <= MAX_ID else None

    def cause(self) -> Cause:
        """This event as the cause of what its consumer does. Foreign events need not carry our metadata."""
        metadata = _metadata(self.detail)
        return Cause(_text(metadata, "correlationId") or self.id, self.id)

    def relayed(self, moment: datetime) -> "Envelope":
        """It, with the moment at which it leaves the outbox."""
        return replace(
            self, detail=self.detail | {"metadata": _metadata(self.detail) | {"relayedAt": timestamp(moment)}}
        )


def _own(event: dict[str, Any], name: str) -> str:
    """The text that the metadata has under the name; the bus's where it has none."""
    own: str = _text(_metadata(event["detail"]), name) or event[name]
    return own


def _metadata(detail: dict[str, Any]) -> dict[str, Any]:
    """Ours; empty where a foreign event has none, or something else of that name."""
    metadata = detail.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _text(metadata: dict[str, Any], name: str) -> str | None:
    value = metadata.get(name)
    return value if isinstance(value, str) and value else None
