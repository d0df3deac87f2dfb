"""What a dead letter tells: the event that it carries, and the cause of its death. The same on every host."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final

from . import json

MOST: Final = 200  # characters of a text that letters are found or grouped by

# Whatever differs between two letters of one cause: addresses, and every word with a digit in it, as ids have.
_VARIES: Final = re.compile(r"\S+@\S+|[\w.+:-]*\d(?:[\w.+:-]*\w)?")


@dataclass(frozen=True, slots=True)
class Told:
    """What the message says of itself; None where it does not, as a malformed one."""

    event_type: str | None = None
    subject: str | None = None
    order_id: str | None = None
    correlation_id: str | None = None
    time: str | None = None
    event_id: str | None = None


def told_by(body: str) -> Told:
    """Never raises: that a message cannot be read may be what it died of."""
    try:
        message = json.parse(body)
    except ValueError:
        return Told()
    detail = _part(message, "detail")
    metadata, data = _part(detail, "metadata"), _part(detail, "data")
    return Told(
        _text(message, "detail-type"),
        _text(metadata, "subject"),
        _text(data, "orderId") or _text(detail, "orderId"),
        _text(metadata, "correlationId"),
        _text(metadata, "time") or _text(message, "time"),
        _text(metadata, "id") or _text(message, "id"),
    )


def reason_of(error: str) -> str:
    """The error without what differs from letter to letter: ids, numbers, addresses."""
    return _VARIES.sub("…", error)[:MOST]


def cause_of(queue: str, event_type: str | None, reason: str) -> str:
    """A short name for what letters have in common; the same tomorrow and on another host."""
    common = "\0".join((queue, event_type or "", reason))
    return hashlib.sha256(common.encode(errors="replace")).hexdigest()[:8]


def _part(document: Any, name: str) -> dict[str, Any]:
    part = document.get(name) if isinstance(document, dict) else None
    return part if isinstance(part, dict) else {}


def _text(document: Any, name: str) -> str | None:
    value = document.get(name) if isinstance(document, dict) else None
    return value[:MOST] if isinstance(value, str) and value else None
