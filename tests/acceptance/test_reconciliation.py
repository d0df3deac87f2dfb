"""Reconciliation: what the slices say of an order, compared on whichever host."""

import json
import time
from typing import Any, Final

import pytest

from cartwheel.kernel.events import Cause, Envelope
from cartwheel.kernel.ids import new_id
from cartwheel.ledger.events import DiscrepancyFound, Kind, Repair
from cartwheel.ordering.events import OrderCancelled

from .hosts import MESSAGES, SHORT_DEADLINES
from .shop import Shop

pytestmark = [pytest.mark.slow, pytest.mark.needs(MESSAGES, SHORT_DEADLINES)]

SETTLED: Final = 5.0  # seconds, and so a bit longer than the grace of the hosts


def _found(shop: Shop, about: str) -> list[tuple[str, str, str]]:
    """What a run found about the order: there may be others' findings, too."""
    path = f"/reconciliations/{shop.ask('POST', '/reconciliations', {}, shop.staff, 202).json()['runId']}"
    shop.until(lambda: shop.get(path, shop.staff)["state"] == "done")
    findings = shop.get(path, shop.staff)["findings"]
    return [(each["kind"], each["expected"], each["found"]) for each in findings if each["about"] == about]


def test_an_order_that_lost_its_payment_is_found(shop: Shop) -> None:
    """Payment is told that the order was cancelled, and nobody else is."""
    order_id = shop.buy(shop.sku("bought"))
    assert shop.settled(order_id)["status"] == "CONFIRMED"
    time.sleep(SETTLED)
    assert _found(shop, order_id) == []
    cancelled = OrderCancelled(order_id=order_id, reason="cancelled_by_shop", amount=1250, currency="EUR")
    shop.host.send("payment-events", json.dumps(_envelope(cancelled)))
    shop.until(lambda: shop.payment(order_id) == "VOIDED")
    time.sleep(SETTLED)
    assert ("order-without-payment", "AUTHORISED", "VOIDED") in _found(shop, order_id)
    told = shop.get("/events?type=DiscrepancyFound&limit=100", shop.staff)["items"]
    assert order_id in [event["detail"]["data"]["about"] for event in told]


def _envelope(event: Any) -> dict[str, Any]:
    return Envelope.of(event, Cause(new_id(), new_id())).to_dict()


def test_a_fact_is_told_again_when_it_is_found_missing(shop: Shop) -> None:
    order_id = shop.order(3)
    assert shop.settled(order_id)["status"] == "CONFIRMED"
    finding = DiscrepancyFound(
        run_id=new_id(),
        kind=Kind.FACT_WITHOUT_EVENT,
        about=order_id,
        expected="OrderConfirmed",
        found="none",
        repair=Repair.TELL_ORDER,
    )
    shop.host.publish(_envelope(finding))
    shop.until(lambda: len(_told(shop, order_id)) == 2)
    assert shop.get(f"/orders/{order_id}")["status"] == "CONFIRMED"


def _told(shop: Shop, order_id: str) -> list[Any]:
    events = shop.get(f"/events?subject={order_id}&limit=100", shop.staff)["items"]
    return [event for event in events if event["type"] == "OrderConfirmed"]


def test_the_quarter_of_an_hour_is_compared_with_the_usual(shop: Shop) -> None:
    """Of a shop this small nothing is told; that it may look is what this shows."""
    shop.host.run("ledger-pace")
    shop.until(lambda: shop.host.logged("ledger-pace", "failed") == [])


def test_no_more_than_one_is_begun_each_day(shop: Shop) -> None:
    """Its clock looks each hour; where it can be made to, it looks now, twice."""
    before = len(shop.get("/events?type=ReconciliationRequested&limit=100", shop.staff)["items"])
    for _ in range(2):
        shop.host.run("ledger-daily")
    path = "/events?type=ReconciliationRequested&limit=100"
    shop.until(lambda: len(shop.get(path, shop.staff)["items"]) <= before + 1)
