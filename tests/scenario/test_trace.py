"""One order's trace on a real shop: every hop with its time, from the browser's request to the mail, none missing."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.notification import sink
from tests.support.collector import running_collector
from tests.support.poisoned import REFUSED
from tests.support.running import RunningShop, buy, running_shop

pytestmark = pytest.mark.slow

SKU = "mug-white"

# Each hop of a basket that is bought, below the one that led to it.
WAY = """
basket-api request
 basket-api invocation
  CheckoutBasket outbox
  ordering-placement queue
  ordering-placement delivery
   OrderPlaced outbox
   inventory-events queue
   inventory-events delivery
    StockReserved outbox
    payment-events queue
    ordering-events queue
    ordering-events delivery
    payment-events delivery
     payment-events call
     PaymentAuthorised outbox
     ordering-events queue
     ordering-events delivery
      OrderConfirmed outbox
      inventory-events queue
      inventory-events delivery
      notification-events queue
      notification-events delivery
       notification-events call
       MessageQueued outbox
       notification-delivery queue
       notification-delivery delivery
        notification-delivery call
"""


def _way(hops: list[Any]) -> list[tuple[str, ...]]:
    """Each hop with all above it, as the parents say."""
    names = {hop["spanId"]: f"{hop['what'] if hop['kind'] == 'outbox' else hop['where']} {hop['kind']}" for hop in hops}
    parents = {hop["spanId"]: hop.get("parentSpanId") for hop in hops}

    def above(span_id: str | None) -> tuple[str, ...]:
        return (*above(parents[span_id]), names[span_id]) if span_id in names else ()

    return sorted(above(hop["spanId"]) for hop in hops)


def _wanted() -> list[tuple[str, ...]]:
    ways: list[tuple[str, ...]] = []
    path: list[str] = []
    for line in WAY.strip().splitlines():
        name = line.lstrip()
        path[len(line) - len(name) :] = [name]
        ways.append(tuple(path))
    return sorted(ways)


def _bought(shop: RunningShop) -> str:
    async def buying() -> str:
        async with shop.client() as client:
            return await buy(client, SKU, email="alice@example.com")

    return asyncio.run(buying())


def test_every_hop_from_the_request_to_the_mail(tmp_path: Path) -> None:
    with sink.running(sink.Sink()) as mails, running_collector() as collector:
        server = f"smtp://127.0.0.1:{mails.port}"
        with running_shop(tmp_path, smtp_url=server, otlp_endpoint=collector.url) as shop:
            shop.stock(SKU, 10)
            order_id = _bought(shop)
            shop.wait_until(lambda: len(mails.mails) == 1)
            shop.wait_until_settled()
            told = shop.get(f"/orders/{order_id}/trace")
    (trace,) = told["traces"]
    assert told["missing"] == []
    assert _way(trace["hops"]) == _wanted()
    _times_are_right(trace)
    (request,) = [line for line in shop.logged() if line["message"] == "answered" and order_id == line.get("orderId")]
    began = datetime.fromisoformat(request["receivedAt"]) - datetime.fromisoformat(trace["at"])
    assert abs(began) <= timedelta(milliseconds=1)  # the other end of a span is rounded
    # The collector, which is another reader of the same lines, got the same spans, each once.
    exported = {span["spanId"]: span for span in collector.spans if span["traceId"] == trace["traceId"]}
    assert len([span for span in collector.spans if span["traceId"] == trace["traceId"]]) == len(exported)
    assert {hop["spanId"]: hop.get("parentSpanId") for hop in trace["hops"]} == {
        span_id: span.get("parentSpanId") for span_id, span in exported.items()
    }


def _times_are_right(trace: Any) -> None:
    """Nothing is outside of the whole, and between an event and the end of its delivery no time is unaccounted for."""
    for hop in trace["hops"]:
        assert -1 <= hop["after"] <= hop["after"] + hop["milliseconds"] <= trace["milliseconds"] + 1
    ends = {}
    for hop in trace["hops"]:
        end = hop["after"] + hop["milliseconds"]
        if hop["kind"] == "outbox":
            ends[hop["parentSpanId"]] = end
        if hop["kind"] == "queue":
            assert abs(hop["after"] - ends[hop["parentSpanId"]]) <= 1
            ends[hop["parentSpanId"], hop["where"]] = end
        if hop["kind"] == "delivery":
            assert abs(hop["after"] - ends[hop["parentSpanId"], hop["where"]]) <= 1
    last = trace["hops"][-1]
    assert trace["milliseconds"] > last["milliseconds"] > 0


def test_failed_attempts_are_hops_of_their_own(tmp_path: Path) -> None:
    shop = RunningShop(tmp_path, {"stock_deadline": "3000"}, module="tests.support.poisoned")
    shop.start()
    try:
        shop.stock(SKU, 10)

        async def buying() -> str:
            async with shop.client() as client:
                return await buy(client, SKU, REFUSED)

        order_id = asyncio.run(buying())
        shop.wait_until(lambda: len(_tries(shop, order_id)) == 6)
        hops = _tries(shop, order_id)
    finally:
        shop.close()
    waits, tries = hops[::2], hops[1::2]
    assert [(hop["kind"], hop["attempt"], hop["failed"]) for hop in tries] == [("delivery", n, True) for n in (1, 2, 3)]
    for failed, wait, again in zip(tries, waits[1:], tries[1:], strict=False):
        assert abs(wait["after"] - failed["after"] - failed["milliseconds"]) <= 1
        assert abs(again["after"] - wait["after"] - wait["milliseconds"]) <= 1


def _tries(shop: RunningShop, order_id: str) -> list[Any]:
    """The waits and the deliveries of the consumer that refuses."""
    (trace,) = shop.get(f"/orders/{order_id}/trace")["traces"]
    return [hop for hop in trace["hops"] if hop["where"] == "inventory-events" and hop["kind"] != "outbox"]
