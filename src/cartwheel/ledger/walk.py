"""A walk through the events of a type: from when to when, and how far it has come. The cursor holds it whole.

So the range is the same on each page, even where the caller left it to us and time has passed since the first one.
"""

import base64
import json
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Self

from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.errors import FieldError, Invalid
from cartwheel.kernel.store import InvalidCursor

USUAL: Final = timedelta(days=30)
LONGEST: Final = timedelta(days=366)

_TIME: Final = r"[0-9]{4}-(?:0[1-9]|1[0-2])-[0-9]{2}T[0-9:.]{12}Z"
_POSITION: Final = re.compile(_TIME + "#[^\x00]{1,200}")


@dataclass(frozen=True)
class Walk:
    """`start` is included, `end` is not; `after` is the position of the event before, empty at the beginning."""

    type: str
    start: str
    end: str
    after: str = ""

    @classmethod
    def begin(cls, event_type: str, start: datetime | None, end: datetime | None) -> Self:
        """Without an end it goes up to now, without a start over a month. Raises Invalid."""
        last = _plain(end, "to") if end else now()
        first = _plain(start, "from") if start else last - USUAL
        if first > last:
            raise _invalid("from", "is later than `to`")
        if last - first > LONGEST:
            raise _invalid("from", f"is more than {LONGEST.days} days before `to`; ask for one part after the other")
        return cls(event_type, timestamp(first), timestamp(last))

    @classmethod
    def go_on(cls, cursor: str, event_type: str, start: datetime | None, end: datetime | None) -> Self:
        """Raises InvalidCursor for what is no cursor, or one of another list."""
        walk = cls(*_parts(cursor))
        wanted = (event_type, start and timestamp(_plain(start, "from")), end and timestamp(_plain(end, "to")))
        of_this_list = all(
            want in (None, has) for want, has in zip(wanted, (walk.type, walk.start, walk.end), strict=True)
        )
        if not of_this_list or not walk.start <= walk.after < walk.end:
            raise InvalidCursor("a cursor of another list")
        return walk

    def cursor_after(self, position: str) -> str:
        at = replace(self, after=position)
        text = json.dumps([at.type, at.start, at.end, at.after], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _parts(cursor: str) -> list[str]:
    try:
        parts = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        event_type, start, end, after = parts
        valid = isinstance(event_type, str) and all(re.fullmatch(_TIME, time) for time in (start, end))
        if not (valid and _POSITION.fullmatch(after)):
            raise ValueError
        if datetime.fromisoformat(end) - datetime.fromisoformat(start) > LONGEST + USUAL:
            raise ValueError  # nobody was given such a one, and it would be long to read
    except (ValueError, TypeError, RecursionError):
        raise InvalidCursor("not a cursor") from None
    return [event_type, start, end, after]


def _plain(moment: datetime, name: str) -> datetime:
    """Between years that can be reckoned with. Raises Invalid."""
    if not 1970 <= moment.year < 9999:
        raise _invalid(name, "must be between the years 1970 and 9998")
    return moment


def _invalid(name: str, reason: str) -> Invalid:
    return Invalid(f"query.{name}: {reason}", [FieldError(field=f"query.{name}", reason=reason)])
