"""Time, as the rest of the shop reads and writes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final

_replayed: Final[ContextVar[datetime | None]] = ContextVar("replayed", default=None)


def now() -> datetime:
    """The current moment, timezone-aware, UTC; in a replay, that of the event."""
    return _replayed.get() or datetime.now(UTC)


@contextmanager
def replaying(moment: datetime) -> Iterator[None]:
    """What is done meanwhile is done as it was then: deadlines and expiries count from that moment."""
    before = _replayed.set(moment)
    try:
        yield
    finally:
        _replayed.reset(before)


def timestamp(moment: datetime) -> str:
    """ISO 8601 with milliseconds and `Z`: its text order is its time order, so it can be a sort key."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def of_epoch(milliseconds: int) -> str:
    """A timestamp of the milliseconds since 1970 that AWS gives for moments."""
    return timestamp(datetime.fromtimestamp(milliseconds / 1000, UTC))


def is_moment(text: str) -> bool:
    """Whether it is one in ISO 8601, with its time zone."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def epoch(moment: datetime) -> int:
    """Whole seconds since 1970, the form DynamoDB's expiry wants."""
    return int(moment.timestamp())
