"""What an order waits for, and until when: worked out from what happened to it. No I/O, time is passed in.

The order itself is ordering's; here is only what was told of it. That is enough, because whatever moves an order is an
event. What is still on its way to the ledger is not yet in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.schema import Record
from cartwheel.kernel.settings import Settings

from .deliveries import Open
from .model import Recorded

Seen = Mapping[str, Recorded]  # the first event of each type


class Wait(Record):
    """`on` is the function that has to do it, None where it is a person. What is not done `until` then, is not done at
    all: `then` says what happens instead.
    """

    what: str
    on: str | None = None
    until: str | None = None
    then: str | None = None


class Standing(Record):
    """Where an order stands, as its events tell it."""

    status: str
    waits_for: Wait | None


def standing(events: Iterable[Recorded], unheard: Sequence[Open], settings: Settings) -> Standing:
    """`unheard` are the deliveries that are open: what ordering has not heard of, has not moved the order."""
    seen = {event.detail_type: event for event in sorted(events, key=lambda event: event.position, reverse=True)}
    unknown = {each.event for each in unheard if each.function == "ordering-events"}
    for status, find in (
        ("REFUNDED", _refunded),
        ("CANCELLED", _cancelled),
        ("FULFILLED", _fulfilled),
        ("CONFIRMED", _confirmed),
    ):
        if f"Order{status.capitalize()}" in seen:
            return Standing(status=status, waits_for=find(seen, settings))
    if "OrderPlaced" not in seen:
        return Standing(status="PENDING", waits_for=_pending(seen, settings))
    reserved = "StockReserved" in seen and "StockReserved" not in unknown
    status = "RESERVED" if reserved else "PLACED"
    return Standing(status=status, waits_for=_placed(seen, settings, reserved))


def _refunded(seen: Seen, _: Settings) -> Wait | None:
    return None if "PaymentRefunded" in seen else Wait(what="its money to be given back", on="payment-events")


def _cancelled(seen: Seen, _: Settings) -> Wait | None:
    if "PaymentAuthorised" in seen and not {"PaymentVoided", "PaymentRefunded"} & seen.keys():
        return Wait(what="its payment to be let go", on="payment-events")
    if "StockReserved" in seen and "StockReleased" not in seen:
        return Wait(what="its stock to be released", on="inventory-events")
    return None


def _fulfilled(seen: Seen, _: Settings) -> Wait | None:
    return None if "PaymentCaptured" in seen else Wait(what="its payment to be captured", on="payment-events")


def _confirmed(seen: Seen, settings: Settings) -> Wait:
    until = _after(seen["OrderConfirmed"], settings.fulfilment_deadline)
    return Wait(what="staff to send it", until=until, then="it is cancelled: fulfilment_timeout")


def _pending(seen: Seen, settings: Settings) -> Wait:
    if not seen:
        return Wait(what="its first event to be kept", on="ledger-events")
    if "OrderSubmitted" not in seen:  # a basket's order is not there before its checkout is heard of: no deadline
        return Wait(what="its placement", on="ordering-placement")
    until = _after(seen["OrderSubmitted"], settings.stock_deadline)
    return Wait(what="its placement", on="ordering-placement", until=until, then="it is cancelled: stock_timeout")


def _placed(seen: Seen, settings: Settings, reserved: bool) -> Wait:
    if reserved:
        until, then = _after(seen["StockReserved"], settings.payment_deadline), "it is cancelled: payment_timeout"
    else:
        until, then = _after(seen["OrderPlaced"], settings.stock_deadline), "it is cancelled: stock_timeout"
    if {"StockRejected", "StockReleased", "PaymentDeclined"} & seen.keys():
        return Wait(what="its cancellation", on="ordering-events", until=until, then=then)
    if "StockReserved" not in seen:
        return Wait(what="its stock", on="inventory-events", until=until, then=then)
    if "PaymentAuthorised" not in seen:
        return Wait(what="its payment", on="payment-events", until=until, then=then)
    return Wait(what="its confirmation", on="ordering-events", until=until, then=then)


def _after(event: Recorded, seconds: float) -> str:
    return timestamp(datetime.fromisoformat(event.time) + timedelta(seconds=seconds))
