import re
import time
from typing import Any

import httpx
import pytest

from .shell import Running


@pytest.fixture(scope="module")
def order_id(running: Running) -> str:
    answer = httpx.post(f"{running.url}/orders", json={"amount": 99.99, "currency": "EUR"}, trust_env=False)
    assert answer.status_code == 202
    return str(answer.json()["orderId"])


def _settled(running: Running, order_id: str) -> Any:
    for _ in range(100):
        done = running.cartwheel("order", "show", order_id, "--json")
        if done.json["status"] == "CONFIRMED":
            break
        time.sleep(0.05)
    return done.json


def test_show_as_json(running: Running, order_id: str) -> None:
    order = _settled(running, order_id)
    assert (order["orderId"], order["status"], order["amount"]) == (order_id, "CONFIRMED", 99.99)


def test_show(running: Running, order_id: str) -> None:
    _settled(running, order_id)
    done = running.cartwheel("order", "show", order_id)
    assert (done.code, done.err) == (0, "")
    words = [line.split() for line in done.out.splitlines()]
    assert words[:3] == [["order", order_id], ["status", "CONFIRMED"], ["amount", "99.99", "EUR"]]
    assert words[-1][1] == "CONFIRMED"


def test_show_of_a_cancelled_order_tells_why(running: Running) -> None:
    line = {"amount": 5, "currency": "EUR", "paymentToken": "tok_decline"}
    answer = httpx.post(f"{running.url}/orders", json=line, trust_env=False).json()
    for _ in range(100):
        done = running.cartwheel("order", "show", answer["orderId"])
        if "CANCELLED" in done.out:
            break
        time.sleep(0.05)
    assert "amount    5.00 EUR\n" in done.out
    assert "payment_declined: The payment was declined" in done.out


@pytest.mark.parametrize("order_id", ["nonsense", "a b", "01900000-0000-7000-8000-000000000000"])
def test_an_order_that_is_not_there(running: Running, order_id: str) -> None:
    done = running.cartwheel("order", "show", order_id)
    assert done.error == "There is no order of this id."
    assert done.out == ""


def test_an_id_cannot_lead_to_something_else(running: Running) -> None:
    assert running.cartwheel("order", "show", "../health").error.startswith("No route answers here")


def test_the_timeline(running: Running, order_id: str) -> None:
    _settled(running, order_id)
    done = running.cartwheel("order", "timeline", order_id)
    assert (done.code, done.err) == (0, "")
    header, day, first, *rows, _, order, now = done.out.splitlines()
    assert header.split() == ["time", "kind", "where", "what"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", day)
    assert re.match(r"\d\d:\d\d:\d\d\.\d{3}  request  +ordering-api  +POST /orders → 202", first)
    assert any("authorise: authorised" in row for row in rows)
    assert order == f"order     {order_id}"
    assert now.startswith("now       CONFIRMED, waits for staff to send it, until ")
    assert order_id not in "".join([first, *rows])


def test_the_timeline_as_json(running: Running, order_id: str) -> None:
    _settled(running, order_id)
    found = running.cartwheel("order", "timeline", order_id, "--json").json
    assert (found["orderId"], found["open"], found["missing"]) == (order_id, [], [])
    assert {"at", "kind", "where", "what"} <= found["entries"][0].keys()


def test_the_timeline_of_an_order_in_trouble_says_so_at_its_end(running: Running) -> None:
    order = {"amount": 5, "currency": "EUR", "paymentToken": "tok_timeout"}
    order_id = httpx.post(f"{running.url}/orders", json=order, trust_env=False).json()["orderId"]
    failing = re.compile(
        r"^open +payment-events failed with StockReserved at .*, attempt \d \(ProviderTimeout: .*\); it comes again ",
        re.MULTILINE,
    )
    for _ in range(100):
        done = running.cartwheel("order", "timeline", order_id)
        if failing.search(done.out) and "\nnow       RESERVED" in done.out:
            break
        time.sleep(0.05)
    assert re.search("attempt failed  payment-events .* StockReserved failed.*: ProviderTimeout", done.out)
    now = done.out.splitlines()[-1]
    assert now.startswith("now       RESERVED, waits for its payment (payment-events), until ")


@pytest.mark.parametrize("order_id", ["nonsense", "01900000-0000-7000-8000-000000000000"])
def test_the_timeline_of_an_order_that_is_not_there(running: Running, order_id: str) -> None:
    done = running.cartwheel("order", "timeline", order_id)
    assert done.error.startswith(("There is no order", "No event of "))
    assert done.out == ""


def test_the_trace(running: Running, order_id: str) -> None:
    _settled(running, order_id)
    done = running.cartwheel("order", "trace", order_id)
    assert (done.code, done.err) == (0, "")
    trace, began, header, *hops, _, order = done.out.splitlines()
    assert re.fullmatch(r"trace     [0-9a-f]{32}", trace)
    assert re.fullmatch(r"began     \d{4}-\d\d-\d\dT[\d:.]+Z", began)
    assert header.split() == ["after", "ms", "what"]
    assert all(re.match(r" *\d+\.\d +\d+\.\d  ", hop) for hop in hops)
    assert hops[0].endswith(" POST /orders → 202")
    assert any(hop.endswith("  authorise: authorised") for hop in hops)
    assert any(hop.endswith("  OrderSubmitted: outbox") for hop in hops)
    assert order == f"order     {order_id}"


def test_the_trace_as_json(running: Running, order_id: str) -> None:
    _settled(running, order_id)
    found = running.cartwheel("order", "trace", order_id, "--json").json
    assert (found["orderId"], found["missing"]) == (order_id, [])
    assert {"spanId", "depth", "kind", "where", "after", "milliseconds"} <= found["traces"][0]["hops"][0].keys()


@pytest.mark.parametrize("order_id", ["nonsense", "01900000-0000-7000-8000-000000000000"])
def test_the_trace_of_an_order_that_is_not_there(running: Running, order_id: str) -> None:
    done = running.cartwheel("order", "trace", order_id)
    assert done.error.startswith(("There is no order", "No trace of such an order"))
    assert done.out == ""
