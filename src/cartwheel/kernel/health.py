"""Health with depth: how each part of a shop is, in one form on both hosts (ADR 39)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

PATH: Final = "/health/deep"
SECONDS: Final = "s"
MILLISECONDS: Final = "ms"


class Status(StrEnum):
    """The worst is the last: `degraded` still serves, though somebody should look; `failing` does not."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Part:
    """`detail` is one line for people, `measured` what it was judged by, each in `unit`; `since` a timestamp: since
    when it is not well, where that is known. None of them names a person or holds a secret.
    """

    name: str
    status: Status
    detail: str
    since: str | None = None
    unit: str = ""
    measured: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {
            "part": self.name,
            "status": self.status.value,
            "since": self.since,
            "detail": self.detail,
            "unit": self.unit,
            "measured": dict(self.measured),
        }


def worst(parts: Sequence[Part]) -> Status:
    """Of the whole: no better than its worst part."""
    order = list(Status)
    return max((part.status for part in parts), key=order.index, default=Status.OK)


def report(parts: Sequence[Part], checked: str) -> tuple[int, dict[str, Any]]:
    """The HTTP status, 503 where a part fails, and the document; `checked` is the moment that it is true of."""
    status = worst(parts)
    document = {"status": status.value, "checked": checked, "parts": [part.to_dict() for part in parts]}
    return 503 if status is Status.FAILING else 200, document
