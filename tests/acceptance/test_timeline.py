"""The timeline of an order: what happened to it, from the events and from what functions logged on this host."""

from typing import Any

import pytest

from .shop import Shop

pytestmark = pytest.mark.slow


def _timeline(shop: Shop, order_id: str) -> Any:
    return shop.get(f"/orders/{order_id}/timeline", shop.staff)


def test_a_whole_story(shop: Shop) -> None:
    order_id = shop.buy(shop.sku("handled"), email="alice@example.com", paymentToken="tok_approve")
    shop.settled(order_id)
    shop.ask("POST", f"/orders/{order_id}/fulfil", who=shop.staff)
    wanted = {
        ("request", "basket-api"),
        ("event", "basket"),
        ("event", "ordering"),
        ("event", "inventory"),
        ("event", "payment"),
        ("mail", "notification"),
        ("delivery", "ordering-placement"),
        ("delivery", "inventory-events"),
        ("delivery", "payment-events"),
        ("delivery", "notification-events"),
        ("payment", "payment-events"),
        ("staff", "ordering-api"),
    }

    steps = ["CheckoutBasket", "OrderPlaced", "StockReserved", "OrderConfirmed", "OrderFulfilled", "capture: done"]

    def look() -> Any:
        found = _timeline(shop, order_id)
        missing = wanted - {(entry["kind"], entry["where"]) for entry in found["entries"]}
        missing |= {("step", step) for step in steps} - {("step", entry["what"]) for entry in found["entries"]}
        return None if missing or "waitsFor" in found else found

    found = shop.until(look)
    assert [entry["what"] for entry in found["entries"] if entry["what"] in steps] == steps
    assert found["summary"] == "FULFILLED, waits for nothing"
    assert "@" not in str(found)
    assert "tok_" not in str(found)


def test_what_an_order_waits_for(shop: Shop) -> None:
    order_id = shop.order(paymentToken="tok_timeout")

    def look() -> Any:
        found = _timeline(shop, order_id) if shop.get(f"/orders/{order_id}")["status"] == "RESERVED" else {}
        return found if any(each["function"] == "payment-events" for each in found.get("open", ())) else None

    found = shop.until(look)
    (failing,) = [each for each in found["open"] if each["function"] == "payment-events"]
    assert (found["status"], found["waitsFor"]["on"], failing["event"]) == (
        "RESERVED",
        "payment-events",
        "StockReserved",
    )
    if "error" in failing:  # it may be under way this very moment
        assert failing["error"].startswith("ProviderTimeout")
    assert found["waitsFor"]["until"] > failing["at"]


def test_an_order_that_is_none_has_no_timeline(shop: Shop) -> None:
    unknown = "01a1fb8c-3552-753f-bcbd-fab7e587e765"
    assert "such an order" in shop.refusal("GET", f"/orders/{unknown}/timeline", who=shop.staff, status=404)["detail"]
    shop.refusal("GET", f"/orders/{unknown}/timeline", who=shop.customer, status=403)


def test_how_long_each_hop_took(shop: Shop) -> None:
    order_id = shop.buy(shop.sku("traced"), email="alice@example.com", paymentToken="tok_approve")
    shop.settled(order_id)
    wanted = {
        ("request", "basket-api"),
        ("invocation", "basket-api"),
        ("outbox", "ordering-placement"),
        ("queue", "ordering-placement"),
        ("delivery", "ordering-placement"),
        ("delivery", "inventory-events"),
        ("delivery", "payment-events"),
        ("call", "payment-events"),
        ("delivery", "ordering-events"),
        ("delivery", "notification-events"),
        ("call", "notification-events"),
    }

    def look() -> Any:
        found = shop.get(f"/orders/{order_id}/trace", shop.staff)
        told = {(hop["kind"], hop["where"]) for trace in found["traces"] for hop in trace["hops"]}
        return found if wanted <= told and not found["missing"] else None

    (trace,) = shop.until(look)["traces"]
    spans = {hop["spanId"]: hop for hop in trace["hops"]}
    assert [hop["kind"] for hop in trace["hops"] if hop.get("parentSpanId") not in spans] == ["request"]
    assert {hop["kind"] for hop in trace["hops"]} <= {
        *{"request", "invocation", "call"},
        *{"outbox", "bus", "queue", "delivery"},
    }
    (mail,) = [hop for hop in trace["hops"] if hop["what"] == "mail written: confirmed"]
    path = [mail["where"]]
    while (mail := spans.get(mail.get("parentSpanId"))) is not None:
        path.append(mail["where"])
    assert path[1:6] == [
        "notification-events",
        "ordering-events",
        "payment-events",
        "inventory-events",
        "ordering-placement",
    ]
