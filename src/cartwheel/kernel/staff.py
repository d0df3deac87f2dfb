"""What staff did, as it is told: `StaffActed`, for the audit.

Sealed texts stay sealed, secrets stay out, and what is long is told by its length and its hash: an event has to fit
beside others of its transaction, and an entry is kept for ever.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from .caller import Caller
from .clock import now, timestamp
from .events import Event
from .schema import Record

VALUE_BYTES: Final = 1024  # of the JSON of a value, a list included, an object not
ALL_BYTES: Final = 24 * 1024  # of all changes
PARAMETER_LETTERS: Final = 200
WITHHELD: Final = {"withheld": True}
SECRET: Final = re.compile("(?i)(token|secret|password|signature)$")  # as attributes are called

Attributes = dict[str, Any]


class Change(Record):
    """An item that was written. Both texts are JSON objects of the attributes that differ; none: it was not there."""

    table: str
    key: str
    action: str
    before: str | None = None
    after: str | None = None


class StaffActed(Event, source="cartwheel.staff", subject="request_id"):
    """Staff did something, or read what is personal."""

    who: str
    groups: list[str]
    route: str
    parameters: dict[str, str]
    request_id: str
    acted_at: str
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class Act:
    """A request of staff. `route` is such as `PUT /stock/{sku}`."""

    caller: Caller
    route: str
    parameters: dict[str, str]
    request_id: str

    def told(self, changes: Sequence[Change] = ()) -> StaffActed:
        return StaffActed(
            who=str(self.caller.subject),
            groups=sorted(self.caller.groups),
            route=self.route,
            parameters={name: value[:PARAMETER_LETTERS] for name, value in self.parameters.items()},
            request_id=self.request_id,
            acted_at=timestamp(now()),
            changes=_bounded(changes),
        )


def shown(attributes: Attributes | None) -> str | None:
    """The attributes as the text of a change."""
    return None if attributes is None else canonical({name: _value(name, each) for name, each in attributes.items()})


def canonical(document: Any) -> str:
    """One text for one document: names in order, no space, nothing escaped that need not be (like RFC 8785)."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def digest(text: str) -> str:
    """SHA-256, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _value(name: str, value: Any) -> Any:
    if SECRET.search(name) and value is not None:
        return WITHHELD
    if isinstance(value, dict):
        return {inner: _value(inner, each) for inner, each in value.items()}
    told = [_value("", each) for each in value] if isinstance(value, list) else value
    text = canonical(told)
    return _cut(text) if len(text.encode()) > VALUE_BYTES else told


def _bounded(changes: Sequence[Change]) -> list[Change]:
    """The changes; of those for which there is no room only what was written."""
    room, told = ALL_BYTES, []
    for change in changes:
        length = len(canonical(change.model_dump()).encode())
        if length > room:
            change = change.model_copy(update={"before": _short(change.before), "after": _short(change.after)})
        room -= min(length, room)
        told.append(change)
    return told


def _short(text: str | None) -> str | None:
    return text and canonical(_cut(text))


def _cut(text: str) -> Attributes:
    return {"bytes": len(text.encode()), "sha256": digest(text)}
