"""The story of an order: what its events, the log lines about it and its messages tell, in one order. No I/O."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.journal import Held, Line
from cartwheel.kernel.money import to_decimal
from cartwheel.kernel.telemetry import nameless

from .entry import Entry, Fact, in_order
from .model import Recorded

MAILS: Final = "cartwheel.notification"
Data = dict[str, Any]


def entries(order_id: str, events: Iterable[Recorded], lines: Iterable[Line], held: Sequence[Held]) -> list[Entry]:
    """All there is to tell, by time; and nothing before what caused it, whatever the clocks say."""
    told = [_of_event(event) for event in events]
    told += [fact for line in lines for fact in _of_line(order_id, line)]
    known = [fact.entry for fact in told]
    told += [Fact(entry) for message in held for entry in _untold(message, known)]
    return in_order(told)


def _of_event(event: Recorded) -> Fact:
    entry = Entry(
        at=event.time,
        kind="mail" if event.source == MAILS else "event",
        where=event.source.removeprefix("cartwheel."),
        what=nameless(": ".join([event.detail_type, *_details(event)])),
        id=event.event_id,
        caused_by=event.causation_id,
    )
    return Fact(entry, within=event.span_id)


def _details(event: Recorded) -> list[str]:
    try:
        return [DETAILS[event.detail_type](json.loads(event.detail)["data"])]
    except (KeyError, TypeError, ValueError):  # of most there is nothing to tell, and others may lack what there is
        return []


def _money(data: Data) -> str:
    return f"{to_decimal(data['amount'], data['currency'])} {data['currency']}"


def _shortages(data: Data) -> str:
    return ", ".join(
        f"{each['sku']} ({each['wanted']} wanted, {each['available']} there)" for each in data["shortages"]
    )


# What of an event's data is told: never whom it is about, nor what it is paid with.
DETAILS: Final[dict[str, Callable[[Data], str]]] = {
    "OrderCancelled": lambda data: str(data["reason"]),
    "StockRejected": _shortages,
    "StockReleased": lambda data: str(data["reason"]),
    "PaymentDeclined": lambda data: str(data["reason"]),
    "PaymentAuthorised": _money,
    "PaymentCaptured": _money,
    "PaymentRefunded": _money,
    "MessageSent": lambda data: str(data["kind"]),
}


def is_about(order_id: str, line: Line) -> bool:
    """Whether it says so itself: the id may also be quoted in an error about something else."""
    return order_id in (line.get("orderId"), line.get("subject"), line.get("askedFor"))


def _of_line(order_id: str, line: Line) -> Iterator[Fact]:
    """None or several: a line that is about another order, or that is not ours, tells nothing here."""
    if not is_about(order_id, line):
        return
    try:
        end = datetime.fromisoformat(line["timestamp"])
        began = end - timedelta(milliseconds=line.get("milliseconds", 0))
        facts = {"at": timestamp(began), "where": line["function"], "milliseconds": line.get("milliseconds")}
        yield from _facts(line, facts, timestamp(end))
    except (KeyError, TypeError, ValueError):  # somebody printed it
        return


def _facts(line: Line, facts: dict[str, Any], end: str) -> Iterator[Fact]:
    span, within = str(line.get("spanId", "")), str(line.get("parentSpanId", ""))
    match line["message"]:
        case "answered" if not line["route"].startswith(("GET ", "HEAD ")):
            kind = "staff" if line.get("role") == "staff" else "request"
            what = f"{line['route']} → {line['status']}"
            yield Fact(Entry(**facts, kind=kind, what=what, id=line.get("causationId"), who=line.get("by")))
        case "handled" | "handled before" as said:
            what = f"{line['eventType']} {said}"
            delivery = Entry(**facts, kind="delivery", what=what, caused_by=line["eventId"], attempt=line["receives"])
            yield Fact(delivery, span)
        case "delivery failed":
            cause = {"caused_by": line["eventId"], "attempt": line["receives"], "error": nameless(line["error"])}
            yield Fact(Entry(**facts, kind="attempt failed", what=f"{line['eventType']} failed", **cause), span)
            if line.get("lastDelivery"):
                yield Fact(_dead(end, line["function"], line["eventType"], line["eventId"]))
        case "provider called":
            what = f"{line['operation']}: {line['outcome']}"
            yield Fact(Entry(**facts, kind="payment", what=what, caused_by=line.get("causationId")), within=within)
        case "redriven":
            what = f"{line['eventType']} redriven from the dead letters"
            yield Fact(Entry(**facts, kind="staff", what=what, caused_by=line["eventId"], who=line["by"]))


def _dead(at: str, function: str, event_type: str, event_id: str) -> Entry:
    what = f"{event_type} became a dead letter of {function}"
    return Entry(at=at, kind="dead letter", where=function, what=what, caused_by=event_id)


def _untold(message: Held, told: Sequence[Entry]) -> Iterator[Entry]:
    """What a message tells of itself that no line does: deliveries that nobody answered, and that it has died of it."""
    mine = [each for each in told if (each.where, each.caused_by) == (message.function, message.event_id)]
    failed = [each.at for each in mine if each.kind == "attempt failed"]
    for delivery, following in pairwise([*message.history, None]):
        if delivery and delivery.error:
            until = following.at if following else "~"
            if not any(delivery.at <= at < until for at in failed):
                yield Entry(
                    at=delivery.at,
                    kind="attempt failed",
                    where=message.function,
                    what=f"{message.event_type} failed",
                    caused_by=message.event_id,
                    error=nameless(delivery.error),
                )
    if message.letter and not any(each.kind == "dead letter" and each.at >= message.sent_at for each in mine):
        at = max((each.at for each in message.history), default=message.sent_at)
        yield _dead(at, message.function, message.event_type, message.event_id)
