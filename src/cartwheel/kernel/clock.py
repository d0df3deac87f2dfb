"""Time, as the rest of the shop reads and writes it."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current moment, timezone-aware, UTC."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """ISO 8601 with milliseconds and `Z`: its text order is its time order, so it can be a sort key."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch(moment: datetime) -> int:
    """Whole seconds since 1970, the form DynamoDB's expiry wants."""
    return int(moment.timestamp())
