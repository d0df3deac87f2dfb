"""A walk through the events of a type, a subject or a story: from when to when, and how far it has come.

The cursor holds it whole. So the range is the same on each page, even where the caller left it to us and time has
passed since the first one.
"""

import base64
import json
import re
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, Self, get_args

from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.errors import FieldError, Invalid
from cartwheel.kernel.store import InvalidCursor

By = Literal["type", "subject", "correlation"]

USUAL: Final = timedelta(days=30)
LONGEST: Final = timedelta(days=366)
EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)

_TIME: Final = r"[0-9]{4}-(?:0[1-9]|1[0-2])-[0-9]{2}T[0-9:.]{12}Z"
_POSITION: Final = re.compile(_TIME + "#[^\x00]{1,200}")


@dataclass(frozen=True)
class Walk:
    """Events that have this `value` as what the walk is `by`.

    `start` is included, `end` is not; `after` is the position of the event before, empty at the beginning.
    """

    by: By
    value: str
    start: str
    end: str
    after: str = ""

    @classmethod
    def begin(cls, by: By, value: str, start: datetime | None, end: datetime | None) -> Self:
        """Without an end it goes up to now; without a start it is all of a thing or story, and a month of a type.

        Of a type it is a year at most: that is spread over many keys, each of which is looked at. Raises Invalid.
        """
        last = _plain(end, "to") if end else now()
        first = _plain(start, "from") if start else last - USUAL if by == "type" else EVER
        if first > last:
            raise _invalid("from", "is later than `to`")
        if by == "type" and last - first > LONGEST:
            raise _invalid("from", f"is more than {LONGEST.days} days before `to`; ask for one part after the other")
        return cls(by, value, timestamp(first), timestamp(last))

    @classmethod
    def go_on(cls, cursor: str, by: By, value: str, start: datetime | None, end: datetime | None) -> Self:
        """Raises InvalidCursor for what is no cursor, or one of another list."""
        walk = cls(*_parts(cursor))
        wanted = (by, value, start and timestamp(_plain(start, "from")), end and timestamp(_plain(end, "to")))
        has = (walk.by, walk.value, walk.start, walk.end)
        of_this_list = all(want in (None, each) for want, each in zip(wanted, has, strict=True))
        if not of_this_list or not walk.start <= walk.after < walk.end:
            raise InvalidCursor("a cursor of another list")
        return walk

    def cursor_after(self, position: str) -> str:
        text = json.dumps(astuple(replace(self, after=position)), ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _parts(cursor: str) -> tuple[By, str, str, str, str]:
    try:
        parts = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        by, value, start, end, after = parts
        times = all(re.fullmatch(_TIME, each) for each in (start, end))
        if not (times and by in get_args(By) and isinstance(value, str) and _POSITION.fullmatch(after)):
            raise ValueError
        length = datetime.fromisoformat(end) - datetime.fromisoformat(start)
        if by == "type" and length > LONGEST + USUAL:
            raise ValueError  # nobody was given such a one, and it would be long to read
    except (ValueError, TypeError, RecursionError):
        raise InvalidCursor("not a cursor") from None
    return by, value, start, end, after


def _plain(moment: datetime, name: str) -> datetime:
    """Between years that can be reckoned with. Raises Invalid."""
    if not 1970 <= moment.year < 9999:
        raise _invalid(name, "must be between the years 1970 and 9998")
    return moment


def _invalid(name: str, reason: str) -> Invalid:
    return Invalid(f"query.{name}: {reason}", [FieldError(field=f"query.{name}", reason=reason)])
