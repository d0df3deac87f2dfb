"""The deliveries about an order that are still to be made or repeated, or that were given up. No I/O.

Where queues can be looked into, they say it; elsewhere it follows from the last line about each delivery.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from pydantic import computed_field

from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.journal import Held, Line
from cartwheel.kernel.schema import Record
from cartwheel.kernel.telemetry import nameless

from .model import Recorded


class Open(Record):
    """A delivery of an event to a function: it waits, or failed and comes again `next_at`, or is dead.

    `at` is when it failed for the last time, or since when it waits. `letter` is its number among the dead letters,
    where they have one.
    """

    function: str
    event: str
    attempts: int
    at: str
    dead: bool = False
    error: str | None = None
    next_at: str | None = None
    letter: int | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def text(self) -> str:
        """As a sentence, with the remedy if it needs one."""
        if self.dead:
            which = f"redrive {self.letter}" if self.letter else f"redrive --queue {self.function}"
            mend = f"mend what it died of, then `cartwheel dead-letters {which}`"
            return f"{self.event} is a dead letter of {self.function} since {self.at} ({self.error}): {mend}"
        if self.error:
            again = f"; it comes again at {self.next_at}" if self.next_at else ""
            return (
                f"{self.function} failed with {self.event} at {self.at}, attempt {self.attempts} ({self.error}){again}"
            )
        if self.attempts:
            return f"{self.event} is with {self.function} since {self.at}, attempt {self.attempts}"
        return f"{self.event} waits for {self.function} since {self.at}"


def of_queues(held: Iterable[Held]) -> list[Open]:
    return [
        Open(
            function=each.function,
            event=each.event_type,
            attempts=each.receives,
            at=each.history[-1].at if each.history else each.sent_at,
            dead=each.letter is not None,
            error=nameless(each.error) if each.error else None,
            next_at=each.next_at if each.error else None,
            letter=each.letter,
        )
        for each in held
    ]


def of_lines(lines: Sequence[Line]) -> list[Open]:
    """Of lines about one order. What had its effect once is done, whatever a second delivery came to."""
    done = {_key(line) for line in lines if line.get("message") in ("handled", "handled before")}
    last = {_key(line): line for line in lines if line.get("message") == "delivery failed"}
    return [_failed(line) for key, line in last.items() if key not in done and None not in key]


def _key(line: Line) -> tuple[str | None, str | None]:
    return line.get("function"), line.get("eventId")


def _failed(line: Line) -> Open:
    at = datetime.fromisoformat(line["timestamp"])
    pause = line.get("retrySeconds")
    return Open(
        function=line["function"],
        event=line["eventType"],
        attempts=line["receives"],
        at=timestamp(at),
        dead=pause is None,
        error=nameless(line["error"]),
        next_at=None if pause is None else timestamp(at + timedelta(seconds=pause)),
    )


def hearsay(lines: Iterable[Line], held: Iterable[Held]) -> list[Recorded]:
    """The events that others were given, or are about to be: the ledger may get them a moment later than they.

    They have no more than their type, and about the time.
    """
    given = {(line["eventId"], line["eventType"], line["timestamp"]) for line in lines if "eventType" in line}
    given |= {(each.event_id, each.event_type, each.sent_at) for each in held}
    return [
        Recorded(event_id=event_id, source="", detail_type=event_type, time=time, detail="{}")
        for event_id, event_type, time in sorted(given)
    ]
