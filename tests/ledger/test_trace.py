"""`GET /orders/{order_id}/trace`: whole trees of a shop, as staff read them."""

import shutil
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from cartwheel.kernel.settings import Settings
from cartwheel.kernel.store import ConditionFailed
from tests.support.shop import Answer, Shop

pytestmark = pytest.mark.usefixtures("logged")

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def order(shop: Shop, token: str = "tok_approve", **headers: str) -> str:
    body = {"amount": 12.5, "currency": "EUR", "email": "alice@example.com", "paymentToken": token}
    return str(shop.request("POST", "/orders", body, headers=headers).json["orderId"])


def asked(shop: Shop, order_id: str, token: str | None = "staff") -> Answer:
    return shop.request("GET", f"/orders/{order_id}/trace", token=token)


def found(shop: Shop, order_id: str) -> Any:
    answer = asked(shop, order_id)
    assert answer.status == 200, answer.body
    assert "@" not in answer.body
    return answer.json


def tree(trace: Any) -> list[tuple[str, str]]:
    """The function's name of each hop below that of the one above, as the parents say; and not as it is indented."""
    names = {hop["spanId"]: f"{hop['where']} {hop['kind']}" for hop in trace["hops"]}
    return [(names.get(hop.get("parentSpanId"), ""), names[hop["spanId"]]) for hop in trace["hops"]]


def test_a_delivery_is_below_the_one_that_emitted_the_event(shop: Shop) -> None:
    order_id = order(shop, traceparent=CALLER)
    shop.drain()
    told = found(shop, order_id)
    (trace,) = told["traces"]
    assert told["missing"] == []
    assert trace["traceId"] == CALLER.split("-")[1]
    assert trace["hops"][0]["parentSpanId"] == CALLER.split("-")[2]
    wanted = [
        ("", "ordering-api request"),
        ("ordering-api request", "ordering-api invocation"),
        ("ordering-api invocation", "ordering-placement delivery"),
        ("ordering-placement delivery", "inventory-events delivery"),
        ("inventory-events delivery", "payment-events delivery"),
        ("inventory-events delivery", "ordering-events delivery"),
        ("payment-events delivery", "payment-events call"),
        ("payment-events delivery", "ordering-events delivery"),
        ("ordering-events delivery", "notification-events delivery"),
        ("notification-events delivery", "notification-events call"),
    ]
    assert set(wanted) <= set(tree(trace))
    assert {above for above, _ in tree(trace)} - {""} <= {name for _, name in tree(trace)}


def test_every_event_that_the_order_led_to_was_waited_for(shop: Shop) -> None:
    order_id = order(shop)
    shop.drain()
    (trace,) = found(shop, order_id)["traces"]
    emitted = [each["detail-type"] for each in shop.envelopes() if order_id in str(each["detail"])]
    waited = [hop["what"] for hop in trace["hops"] if hop["kind"] == "outbox"]
    assert sorted(waited) == sorted(set(emitted) - {"MessageSent"})  # of the last one nobody but the ledger hears


def test_each_event_carries_the_trace_and_its_own_parent(shop: Shop) -> None:
    order(shop, traceparent=CALLER, tracestate="vendor=1")
    shop.drain()
    carried = [each["detail"]["metadata"] for each in shop.envelopes()]
    assert {each["traceparent"][:36] for each in carried} == {CALLER[:36]}
    spans = {each["causationId"]: each["traceparent"].split("-")[2] for each in carried}
    assert len({*spans.values(), CALLER.split("-")[2]}) == len(spans) + 1
    assert {each["tracestate"] for each in carried} == {"vendor=1"}


def test_two_requests_are_two_traces(shop: Shop) -> None:
    order_id = order(shop)
    shop.drain()
    shop.request("POST", f"/orders/{order_id}/fulfil", token="staff")
    shop.drain()
    shop.request("GET", f"/orders/{order_id}")
    first, second = found(shop, order_id)["traces"]
    assert first["at"] <= second["at"]
    assert second["hops"][0]["what"].endswith("/fulfil → 200")
    assert "capture: done" in [hop["what"] for hop in second["hops"]]


def test_deliveries_of_one_batch_keep_to_their_own_traces(shop: Shop) -> None:
    orders = [order(shop) for _ in range(5)]
    shop.drain()
    traces = {found(shop, each)["traces"][0]["traceId"]: each for each in orders}
    assert len(traces) == 5
    for each in shop.envelopes():
        trace_id = each["detail"]["metadata"]["traceparent"].split("-")[1]
        assert traces[trace_id] in str(each["detail"])


def test_who_was_overtaken_goes_on_in_the_same_span(shop: Shop) -> None:
    """A delivery that is worked out again, on fresh reads, emits its events in its own name still."""
    order_id = order(shop)
    once = [[ConditionFailed([1])]]
    real = shop.store.__class__.transact_each

    def refuse(store: Any, transactions: Any) -> Any:
        return once.pop() if once and len(transactions) == 1 else real(store, transactions)

    shop.relay()
    with patch.object(shop.store.__class__, "transact_each", refuse):
        shop.drain()
    assert not once
    (trace,) = found(shop, order_id)["traces"]
    assert ("ordering-placement delivery", "inventory-events delivery") in tree(trace)


def test_what_a_schedule_began_is_one_trace_that_says_so(tmp_path: Path) -> None:
    shop = Shop(tmp_path, Settings(stock_deadline=0.001))
    try:
        order_id = order(shop)
        time.sleep(0.005)  # past its deadline
        assert shop.run_schedule("ordering-deadlines") == 1
        shop.drain()
        told = found(shop, order_id)
    finally:
        shop.close()
    by_request, by_schedule = told["traces"]
    assert by_request["hops"][0]["kind"] == "request"
    cancelled = {hop["where"] for hop in by_schedule["hops"] if hop["what"] == "OrderCancelled"}
    assert {"inventory-events", "payment-events", "notification-events"} <= cancelled
    assert told["missing"] == [f"{by_schedule['traceId']} began with a schedule, or with what is no longer in the logs"]


def test_what_is_no_longer_in_the_logs_is_said_to_be_missing(shop: Shop, tmp_path: Path) -> None:
    order_id = order(shop)
    shop.drain()
    log = tmp_path / "logs" / "all.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(line for line in lines if '"function":"inventory-events"' not in line))
    told = found(shop, order_id)
    assert "no longer in the logs" in told["missing"][0]
    assert len(told["traces"]) == 1


def test_where_the_logs_cannot_be_read_it_says_so(shop: Shop, tmp_path: Path) -> None:
    order_id = order(shop)
    shutil.rmtree(tmp_path / "logs")
    told = found(shop, order_id)
    assert told["traces"] == []
    assert "cannot be read" in told["missing"][0]


@pytest.mark.parametrize("order_id", ["nonsense", "01a1fb8c-3552-753f-bcbd-fab7e587e765"])
def test_an_order_that_is_none(shop: Shop, order_id: str) -> None:
    assert asked(shop, order_id).status == 404


@pytest.mark.parametrize(("token", "status"), [(None, 401), ("alice", 403)])
def test_it_is_for_staff(shop: Shop, token: str | None, status: int) -> None:
    assert asked(shop, order(shop), token).status == status


def test_more_lines_than_anybody_reads(shop: Shop) -> None:
    order_id = order(shop)
    with patch("cartwheel.ledger.trace.MOST_LINES", 1):
        assert "only the newest 1 log lines" in found(shop, order_id)["missing"][0]
