"""The spans that log lines tell of: pure, so both hosts and whoever exports them read a line the same way.

    answered    request ─┬─ from the gateway to the answer
                         └─ invocation           of the function, once it had an environment
    handled     outbox ── bus ── queue           one after the other, on the way from the span that emitted the event
                              └─ delivery        the function at work; what it emits comes below it

Spans that lines have no id for, because nothing is ever below them, get one that is worked out from the line.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final, Literal

from .journal import Line

Kind = Literal["request", "invocation", "outbox", "bus", "queue", "delivery", "call", "schedule"]

HANDLED: Final = frozenset({"handled", "handled before", "delivery failed"})
MAILS: Final = frozenset({"mail written", "mail handed over"})


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of work or of waiting. `where` is the function that did it, or for which was waited."""

    trace_id: str
    span_id: str
    parent_id: str | None
    kind: Kind
    name: str
    where: str
    began: datetime
    ended: datetime
    attempt: int = 1
    failed: bool = False
    sampled: bool = True

    @property
    def milliseconds(self) -> float:
        return (self.ended - self.began) / timedelta(milliseconds=1)


def spans(lines: Iterable[Line]) -> list[Span]:
    """Each once, in the order of the lines. Lines of another form, or that nobody traced, tell of none."""
    found: dict[str, Span] = {}
    tried: dict[tuple[str, str], datetime] = {}  # by function and event: when the last attempt was over
    for line in lines:
        try:
            found |= {span.span_id: span for span in _of(line, tried) if span.span_id not in found}
        except (KeyError, TypeError, ValueError, AttributeError):  # somebody printed it
            continue
    return list(found.values())


def _of(line: Line, tried: dict[tuple[str, str], datetime]) -> Iterator[Span]:
    match line["message"]:
        case "answered":
            yield from _answered(line)
        case said if said in HANDLED:
            delivery = line["function"], line["eventId"]
            yield from _waits(line, tried.get(delivery))
            handled = _span(line, "delivery", line["eventType"], line["receives"], failed=said == "delivery failed")
            tried[delivery] = handled.ended
            yield handled
        case "provider called":
            failed = line["outcome"].endswith(("failed", "Timeout", "Unavailable", "Refused"))
            yield _span(line, "call", f"{line['operation']}: {line['outcome']}", failed=failed)
        case said if said in MAILS:
            yield _span(line, "call", f"{said}: {line['mail']}")
        case "schedule did work":
            yield _span(line, "schedule", line["function"])


def _answered(line: Line) -> Iterator[Span]:
    function = _span(line, "invocation", line["function"])
    request = _id(line["spanId"], "request")
    name, failed = f"{line['route']} → {line['status']}", line["status"] >= 500
    received = min(_moment(line.get("receivedAt"), function.began), function.began)
    yield _derived(line, "request", name, request, function.parent_id, received, function.ended, failed)
    yield _derived(line, "invocation", function.name, function.span_id, request, function.began, function.ended, failed)


def _waits(line: Line, tried: datetime | None) -> Iterator[Span]:
    """Of an event that several functions get, the outbox is told once. After an attempt it waits in the queue anew."""
    event, function, parent = line["eventId"], line["function"], line.get("parentSpanId")
    handled = _span(line, "delivery", function)
    emitted = _moment(line.get("eventAt"), handled.began)
    sent = _moment(line.get("sentAt"), handled.began)
    relayed = _moment(line.get("relayedAt"), sent)
    if parent:
        yield _derived(line, "outbox", line["eventType"], _id(event, "outbox"), parent, emitted, relayed)
        if "relayedAt" in line:
            yield _derived(line, "bus", line["eventType"], _id(event, "bus", function), parent, relayed, sent)
    queue = _id(line["spanId"], "queue")
    yield _derived(
        line, "queue", line["eventType"], queue, parent, tried or sent, handled.began, attempt=line["receives"]
    )


def _span(line: Line, kind: Kind, name: str, attempt: int = 1, failed: bool = False) -> Span:
    """What the line itself is about: it was written at the end."""
    ended = datetime.fromisoformat(line["timestamp"])
    began = ended - timedelta(milliseconds=line["milliseconds"])
    return _derived(line, kind, name, line["spanId"], line.get("parentSpanId"), began, ended, failed, attempt)


def _derived(
    line: Line,
    kind: Kind,
    name: str,
    span_id: str,
    parent_id: str | None,
    began: datetime,
    ended: datetime,
    failed: bool = False,
    attempt: int = 1,
) -> Span:
    """No shorter than nothing: clocks differ, and moments are told in milliseconds."""
    trace_id, where, sampled = line["traceId"], line["function"], line.get("sampled", True)
    until = max(began, ended)
    return Span(trace_id, span_id, parent_id, kind, name, where, began, until, attempt, failed, sampled)


def _moment(told: str | None, otherwise: datetime) -> datetime:
    return datetime.fromisoformat(told) if told else otherwise


def _id(*of: str) -> str:
    return blake2b("/".join(of).encode(), digest_size=8).hexdigest()
