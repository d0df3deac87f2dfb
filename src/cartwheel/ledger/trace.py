"""The trace of an order: how long each hop took, from the request to the mail. Read from the journal alone."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.environment import Environment
from cartwheel.kernel.errors import NotFound
from cartwheel.kernel.journal import MOST_LINES, Line, Unreachable
from cartwheel.kernel.schema import Record
from cartwheel.kernel.spans import Kind, Span, spans

from .story import is_about
from .timeline import CLOCKS, minted

# Of what began in the same millisecond below the same span: what comes first.
TURN: Final[dict[Kind, int]] = {
    "request": 0,
    "schedule": 0,
    "invocation": 1,
    "call": 2,
    "outbox": 3,
    "bus": 4,
    "queue": 5,
    "delivery": 6,
}


class Hop(Record):
    """A span: a piece of work, or of waiting for `where`. `after` is when it began, in milliseconds since the trace
    did; `depth` is how many spans it is below. `parent_span_id` may be that of a caller.
    """

    span_id: str
    parent_span_id: str | None = None
    depth: int
    kind: Kind
    where: str
    what: str
    after: float
    milliseconds: float
    attempt: int
    failed: bool


class Trace(Record):
    """What one request, or one run of a schedule, led to for the order; a span comes right before those below it."""

    trace_id: str
    at: str
    milliseconds: float
    hops: list[Hop]


class Traces(Record):
    """The traces of an order, oldest first; `missing` names what could not be learnt."""

    order_id: str
    traces: list[Trace]
    missing: list[str]


def trace(environment: Environment, order_id: str) -> Traces:
    """Raises NotFound where no line about the order is there."""
    made = minted(order_id)
    missing = []
    try:
        lines = environment.journal.lines(order_id, made - CLOCKS)
    except Unreachable as failure:
        return Traces(order_id=order_id, traces=[], missing=[f"what functions logged cannot be read: {failure}"])
    if len(lines) >= MOST_LINES:
        missing.append(f"only the newest {MOST_LINES} log lines about it were read")
    about = [line for line in lines if is_about(order_id, line) and not _looked(line)]
    if not any(line.get("orderId") == order_id for line in about):  # others are of who asked for what never was
        reach = "one that was just made appears in a moment, and logs reach back only so far."
        raise NotFound(f"No trace of such an order is known; {reach}")
    told = traces(spans(about))
    return Traces(order_id=order_id, traces=told, missing=missing + _gaps(told))


def traces(found: Sequence[Span]) -> list[Trace]:
    """The spans of each trace, as a tree that is read from the top."""
    by_trace: defaultdict[str, list[Span]] = defaultdict(list)
    for span in found:
        by_trace[span.trace_id].append(span)
    return sorted((_trace(trace_id, those) for trace_id, those in by_trace.items()), key=lambda each: each.at)


def _trace(trace_id: str, found: list[Span]) -> Trace:
    began, ended = min(span.began for span in found), max(span.ended for span in found)
    below: defaultdict[str | None, list[Span]] = defaultdict(list)
    known = {span.span_id for span in found}
    for span in sorted(found, key=lambda span: (span.began, TURN[span.kind])):
        below[span.parent_id if span.parent_id in known else None].append(span)

    def walk(parent: str | None, depth: int) -> Iterator[Hop]:
        for span in below.pop(parent, []):
            yield Hop(
                span_id=span.span_id,
                parent_span_id=span.parent_id,
                depth=depth,
                kind=span.kind,
                where=span.where,
                what=span.name,
                after=_between(began, span.began),
                milliseconds=round(span.milliseconds, 1),
                attempt=span.attempt,
                failed=span.failed,
            )
            yield from walk(span.span_id, depth + 1)

    return Trace(trace_id=trace_id, at=timestamp(began), milliseconds=_between(began, ended), hops=list(walk(None, 0)))


def _between(began: datetime, ended: datetime) -> float:
    return round((ended - began) / timedelta(milliseconds=1), 1)


def _looked(line: Line) -> bool:
    """Whoever looks at an order does nothing to it."""
    return line.get("message") == "answered" and str(line.get("route")).startswith(("GET ", "HEAD "))


def _gaps(told: list[Trace]) -> list[str]:
    """What began with a span that is not there; a request's may be its caller's."""
    gaps = []
    for each in told:
        known = {hop.span_id for hop in each.hops}
        lost = {
            hop.parent_span_id
            for hop in each.hops
            if hop.parent_span_id and hop.parent_span_id not in known and hop.kind != "request"
        }
        if lost:
            gaps.append(f"{each.trace_id} began with a schedule, or with what is no longer in the logs")
    return gaps
