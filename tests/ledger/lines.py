"""Log lines as functions write them, of one order."""

from typing import Any

from cartwheel.kernel.journal import Line

ORDER = "01a1fb8c-3552-753f-bcbd-fab7e587e765"
DAY = "2026-11-21T"


def at(seconds: float) -> str:
    """A moment of that day, as an event tells it."""
    return f"{DAY}12:00:{seconds:06.3f}Z"


def line(seconds: float, message: str, function: str = "inventory-events", **facts: Any) -> Line:
    return {"timestamp": at(seconds), "function": function, "message": message, "orderId": ORDER, **facts}


def handled(seconds: float, function: str, event_id: str, event_type: str, receives: int = 1, **facts: Any) -> Line:
    about: Line = {"eventId": event_id, "eventType": event_type, "receives": receives, "milliseconds": 0}
    return line(seconds, "handled", function, **(about | facts))


def failed(seconds: float, receives: int, event_id: str = "placed", **facts: Any) -> Line:
    """By `inventory-events`, with `OrderPlaced`."""
    then: Line = {"lastDelivery": True} if receives == 5 else {"retrySeconds": 2 ** (receives - 1)}
    about: Line = {"eventId": event_id, "eventType": "OrderPlaced", "receives": receives, "milliseconds": 0}
    return line(seconds, "delivery failed", **about, error="LookupError: no shelf", **then, **facts)
