"""An event as the ledger keeps it, and the places that it has there: by type, month and shard; by subject; by story."""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import isfinite
from typing import Any, Final, Self

from cartwheel.kernel import tracing
from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.envelope import Envelope, NoEvent

LONGEST_NAME: Final = (
    256  # letters of a subject or a story's id that one can ask by; ours have 36, those of others vary
)
SHARDS: Final = 8  # DynamoDB writes about 1,000 events a second under one key, so of one type eight times as many


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event. `detail` is its JSON text: what others send may hold numbers that a table does not keep as they are.

    Events of others may lack what our metadata say: `subject`, `correlation_id` and `causation_id` are None then.
    """

    event_id: str
    source: str
    detail_type: str
    time: str
    detail: str
    subject: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None

    @classmethod
    def of(cls, envelope: Envelope) -> Self:
        """Raises NoEvent for an event whose time is none."""
        told = envelope.told
        return cls(
            event_id=envelope.id,
            source=envelope.source,
            detail_type=envelope.detail_type,
            time=timestamp(_moment(envelope.time)),
            detail=_TEXT.encode(envelope.detail),
            subject=_name(told("subject")),
            correlation_id=_name(told("correlationId")),
            causation_id=_name(told("causationId")),
        )

    @property
    def span_id(self) -> str:
        """Of the work that emitted it; empty where nobody traced that."""
        envelope = Envelope(self.event_id, self.source, self.detail_type, self.time, json.loads(self.detail))
        return tracing.span_id(envelope.told("traceparent"))

    @property
    def position(self) -> str:
        """Its place among the events of its type, subject or story: text order is time order."""
        return f"{self.time}#{self.event_id}"

    @property
    def partition(self) -> str:
        """The shard that it belongs to."""
        return partition(self.detail_type, self.time[:7], zlib.crc32(self.event_id.encode()) % SHARDS)


def partition(detail_type: str, month: str, shard: int) -> str:
    return f"EVENTS#{month}#{shard}#{detail_type}"


def months(first: str, last: str) -> Iterator[str]:
    """From one to the other, such as `2026-12`, both included."""
    while first <= last:
        yield first
        year, month = int(first[:4]), int(first[5:])
        first = f"{year:04}-{month + 1:02}" if month < 12 else f"{year + 1:04}-01"


def _name(text: str | None) -> str | None:
    return text if text and len(text) <= LONGEST_NAME else None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None or not 1970 <= moment.year < 9999:
            raise ValueError
    except ValueError:
        raise NoEvent("the event's time is no moment such as 2026-11-20T19:22:26Z") from None
    return moment


def _number(value: Any) -> float | str:
    """A decimal as JSON writes it; one that has more digits than others would read is kept as text."""
    if not isinstance(value, Decimal):
        raise TypeError(f"a {type(value).__name__} is not JSON")
    number = float(value)
    return number if isfinite(number) and Decimal(repr(number)) == value else str(value)


_TEXT: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_number)
