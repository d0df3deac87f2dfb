"""Which lines of the logs somebody wants to see."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cartwheel.cli.errors import CliError
from cartwheel.local.logfiles import Entry, parse

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
METRICS: Final = b'"CloudWatchMetrics"'
UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def of_order(fields: Mapping[str, Any], order_id: str) -> bool:
    """Whether the line says that it is about the order; what only quotes the id is for --grep."""
    return order_id in (fields.get("orderId"), fields.get("subject"), *str(fields.get("path", "")).split("/"))


@dataclass(frozen=True)
class Wanted:
    """All that is asked for has to be so. `text` is looked for in the line as it is stored and as it is `shown`."""

    shown: Callable[[Entry], str]
    text: str | None = None
    order: str | None = None
    correlation: str | None = None
    trace: str | None = None
    level: str | None = None
    metrics: bool = False  # the lines that are nothing else: one for nearly every invocation
    _needles: tuple[bytes, ...] = field(init=False)

    def __post_init__(self) -> None:
        if self.level and self.level not in LEVELS:
            raise CliError(f"There is no level {self.level!r}; there are {', '.join(LEVELS)}.")
        needles = (self.order, self.correlation, self.trace, None if self._as_shown else self.text)
        object.__setattr__(self, "_needles", tuple(needle.encode() for needle in needles if needle))

    @property
    def _as_shown(self) -> bool:
        """A text that may be in what is shown and not in what is stored."""
        return bool(self.text) and ("=" in str(self.text) or " " in str(self.text))

    def __call__(self, line: bytes) -> bool:
        """Most lines are told by their bytes, and are not read."""
        if not all(needle in line for needle in self._needles) or (METRICS in line and not self.metrics):
            return False
        if not (self._as_shown or self.level or self.order or self.correlation or self.trace):
            return True
        entry = parse("", line, LONG_AGO)
        return self._has_text(line, entry) and self._fits(entry.fields)

    def _has_text(self, line: bytes, entry: Entry) -> bool:
        return not self._as_shown or str(self.text).encode() in line or str(self.text) in self.shown(entry)

    def _fits(self, fields: Mapping[str, Any]) -> bool:
        return (
            (not self.order or of_order(fields, self.order))
            and self.correlation in (None, fields.get("correlationId"))
            and self.trace in (None, fields.get("traceId"))
            and (not self.level or fields.get("level") in LEVELS[LEVELS.index(self.level) :])
        )


def moment(option: str, text: str) -> datetime:
    """ISO 8601, UTC where it does not say, or how long ago: `90s`, `15m`, `2h`, `1d`. Raises CliError."""
    ago = re.fullmatch(r"(\d{1,6})([smhd])", text)
    try:
        if ago:
            return datetime.now(UTC) - timedelta(**{UNITS[ago[2]]: int(ago[1])})
        told = datetime.fromisoformat(text)
        return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        example = "2026-11-21T09:00:00Z, or how long ago: 90s, 15m, 2h, 1d"
        raise CliError(f"{option} {text!r} is no moment; give it as {example}.") from None
