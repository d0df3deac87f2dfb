"""Stock over HTTP: staff count, correct and list it; the public learns only whether a SKU can be had."""

from typing import Any

import pytest

from cartwheel.inventory.events import StockAdjusted, StockLow
from tests.inventory.orders import counted, deliver, pieces, placed
from tests.support.shop import Answer, Shop


def put(shop: Shop, sku: str, quantity: Any, **more: Any) -> Answer:
    return shop.request("PUT", f"/stock/{sku}", {"quantity": quantity, **more}, token="staff")


def adjust(shop: Shop, sku: str, by: Any, headers: dict[str, str] | None = None) -> Answer:
    correction = {"by": by, "reason": "broken"}
    return shop.request("POST", f"/stock/{sku}/adjust", correction, token="staff", headers=headers)


def test_staff_set_and_read_the_stock(shop: Shop) -> None:
    assert put(shop, "tea", 12, lowMark=3).status == 200
    answer = shop.request("GET", "/stock/tea", token="staff")
    assert (answer.status, answer.json["available"], answer.json["lowMark"]) == (200, 12, 3)
    assert put(shop, "tea", 4).json | {"countedAt": ""} == {
        "sku": "tea",
        "available": 4,
        "reserved": 0,
        "shortfall": 0,
        "lowMark": 3,
        "tracked": True,
        "countedAt": "",
    }


def test_a_count_by_hand_includes_what_is_reserved(shop: Shop) -> None:
    put(shop, "tea", 5)
    deliver(shop, placed("o1", ("tea", 2)))
    assert put(shop, "tea", 9).json["available"] == 7


def test_a_count_by_hand_makes_an_older_import_late(shop: Shop) -> None:
    put(shop, "tea", 5)
    deliver(shop, counted("tea", 99, -1))
    assert pieces(shop, "tea") == (5, 0)


def test_stock_is_adjusted(shop: Shop) -> None:
    put(shop, "tea", 5)
    assert adjust(shop, "tea", -3).json["available"] == 2
    assert adjust(shop, "tea", 4).json["available"] == 6
    assert pieces(shop, "tea") == (6, 0)


def test_changes_by_hand_are_on_record(shop: Shop) -> None:
    put(shop, "tea", 5)
    put(shop, "tea", 7)
    adjust(shop, "tea", -3)
    recorded = [(event.by, event.reason) for event in shop.events(StockAdjusted)]
    assert recorded == [(5, "counted"), (2, "counted"), (-3, "broken")]


def test_what_is_found_again_covers_a_shortfall_first(shop: Shop) -> None:
    deliver(shop, counted("tea", 5), placed("o1", ("tea", 5)))
    assert put(shop, "tea", 3).json["shortfall"] == 2
    answer = adjust(shop, "tea", 3)
    assert (answer.json["available"], answer.json["shortfall"]) == (1, 0)
    assert pieces(shop, "tea") == (1, 5)


def test_stock_never_falls_below_zero(shop: Shop) -> None:
    put(shop, "tea", 2)
    answer = adjust(shop, "tea", -3)
    assert (answer.status, answer.headers["Content-Type"]) == (409, "application/problem+json")
    assert "Only 2 pieces" in answer.json["detail"]
    assert pieces(shop, "tea") == (2, 0)


def test_an_adjustment_with_a_key_is_made_once(shop: Shop) -> None:
    put(shop, "tea", 5)
    answers = [adjust(shop, "tea", -3, {"Idempotency-Key": "k1"}) for _ in range(2)]
    assert [answer.json["available"] for answer in answers] == [2, 2]
    assert pieces(shop, "tea") == (2, 0)


def test_what_is_not_tracked_cannot_be_adjusted(shop: Shop) -> None:
    deliver(shop, counted("song", None))
    assert adjust(shop, "song", 1).status == 409


def test_an_adjustment_may_make_stock_low(shop: Shop) -> None:
    put(shop, "tea", 8)
    adjust(shop, "tea", -4)
    assert shop.events(StockLow) == [StockLow(sku="tea", available=4)]


@pytest.mark.parametrize("quantity", [-1, 1.5, "3", True, None, 10**12])
def test_a_wrong_count_is_refused_with_the_field(shop: Shop, quantity: Any) -> None:
    answer = put(shop, "tea", quantity)
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "body.quantity")


def test_a_sku_has_a_greatest_length(shop: Shop) -> None:
    assert put(shop, "x" * 101, 1).status == 422


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/stock", None),
        ("GET", "/stock/tea", None),
        ("PUT", "/stock/tea", {"quantity": 1}),
        ("POST", "/stock/tea/adjust", {"by": 1, "reason": "found"}),
    ],
)
def test_stock_is_for_staff(shop: Shop, method: str, path: str, body: Any) -> None:
    assert shop.request(method, path, body).status == 401
    assert shop.request(method, path, body, token="customer:alice").status == 403


def test_unknown_stock_is_not_found(shop: Shop) -> None:
    assert shop.request("GET", "/stock/ghost", token="staff").status == 404
    assert adjust(shop, "ghost", 1).status == 404
    assert shop.request("GET", "/availability/ghost").status == 404


def test_lesson_lists_that_repeat_and_miss_items(shop: Shop) -> None:
    """Pages go by cursor: what comes or goes between two pages shifts nothing."""
    for number in range(7):
        put(shop, f"sku-{number}", 1)
    first = shop.request("GET", "/stock?limit=3", token="staff").json
    put(shop, "sku-00", 1)
    second = shop.request("GET", f"/stock?limit=4&cursor={first['next']}", token="staff").json
    skus = [stock["sku"] for stock in first["items"] + second["items"]]
    assert skus == [f"sku-{number}" for number in range(7)]
    assert second["next"] is None


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=x"])
def test_a_wrong_page_is_refused(shop: Shop, query: str) -> None:
    assert shop.request("GET", f"/stock?{query}", token="staff").status == 422


@pytest.mark.parametrize(("quantity", "level"), [(6, "in_stock"), (5, "low"), (0, "sold_out"), (None, "in_stock")])
def test_the_public_learns_no_numbers(shop: Shop, quantity: int | None, level: str) -> None:
    deliver(shop, counted("tea", quantity))
    answer = shop.request("GET", "/availability/tea")
    assert (answer.status, answer.json) == (200, {"sku": "tea", "available": level})
