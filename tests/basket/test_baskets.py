"""Baskets over HTTP: what goes in and out, what it costs now, and who may touch it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from cartwheel.basket import service, store
from cartwheel.basket.model import LIFETIME
from cartwheel.kernel.caller import Caller
from cartwheel.kernel.clock import now
from cartwheel.kernel.events import Cause
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.money import MAX_AMOUNT
from cartwheel.kernel.store import Key, Put, Store
from cartwheel.kernel.unit_of_work import UnitOfWork, run
from tests.basket.goods import basket, offer, offers, put, quantities, read, sell, withdraw
from tests.support.rival import rival
from tests.support.shop import Shop

ALICE, BOB = "customer:alice", "customer:bob"


def test_a_guest_opens_a_basket(shop: Shop) -> None:
    answer = shop.request("POST", "/baskets")
    assert answer.status == 201
    assert answer.json == read(shop, answer.json["basketId"]).json
    assert (answer.json["lines"], answer.json["total"], answer.json["currency"]) == ([], 0, "EUR")


def test_a_line_is_set_not_added(shop: Shop) -> None:
    sell(shop, tea=250)
    basket_id = basket(shop, tea=2)
    answer = put(shop, basket_id, "tea", 3)
    assert answer.status == 200
    assert answer.json["lines"] == [
        {
            "sku": "tea",
            "name": "Tea",
            "quantity": 3,
            "unitPrice": 2.5,
            "lineTotal": 7.5,
            "priceChanged": False,
            "unavailable": False,
        }
    ]
    assert read(shop, basket_id).json == answer.json


def test_lesson_total_ignores_quantity(shop: Shop) -> None:
    sell(shop, tea=333, cup=1099)
    assert read(shop, basket(shop, tea=3, cup=2)).json["total"] == 31.97


@pytest.mark.parametrize("quantity", [0, -1, 1000, 1.5, "2", True, None])
def test_lesson_quantity_zero_and_negative_quantities_pass(shop: Shop, quantity: Any) -> None:
    sell(shop, tea=250)
    basket_id = basket(shop, tea=1)
    answer = put(shop, basket_id, "tea", quantity)
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "body.quantity")
    assert quantities(read(shop, basket_id)) == {"tea": 1}


@pytest.mark.parametrize("body", [{"quantity": 1, "unitPrice": 0.01}, {"quantity": 1, "price": 0.01}])
def test_lesson_unit_price_trusted_from_the_client(shop: Shop, body: dict[str, Any]) -> None:
    sell(shop, tea=250)
    basket_id = basket(shop)
    assert shop.request("PUT", f"/baskets/{basket_id}/lines/tea", body).status == 422
    put(shop, basket_id, "tea", 1)
    assert read(shop, basket_id).json["total"] == 2.5


def test_lesson_price_check_keyed_by_product(shop: Shop) -> None:
    """Every variant has its own price, and a SKU has one line, however often it is put in."""
    offers(shop, "shirt", 1, offer("shirt-s", 1000), offer("shirt-xl", 5000))
    basket_id = basket(shop)
    for sku in ("shirt-s", "shirt-xl", "shirt-s"):
        put(shop, basket_id, sku, 5)
    answer = read(shop, basket_id)
    assert (quantities(answer), answer.json["total"]) == ({"shirt-s": 5, "shirt-xl": 5}, 300)


def test_what_is_not_sold_cannot_be_put_in(shop: Shop) -> None:
    answer = put(shop, basket(shop), "ghost", 1)
    assert (answer.status, "not sold" in answer.json["detail"]) == (404, True)


def test_what_is_offered_in_another_currency_is_not_sold_here(shop: Shop) -> None:
    offers(shop, "tea", 1, offer("tea", 250, currency="USD"))
    assert put(shop, basket(shop), "tea", 1).status == 404


def test_a_line_is_removed(shop: Shop) -> None:
    sell(shop, tea=250, cup=900)
    basket_id = basket(shop, tea=2, cup=1)
    answer = shop.request("DELETE", f"/baskets/{basket_id}/lines/tea")
    assert (answer.status, quantities(answer), answer.json["total"]) == (200, {"cup": 1}, 9)
    assert shop.request("DELETE", f"/baskets/{basket_id}/lines/tea").status == 404


def test_a_basket_is_discarded(shop: Shop) -> None:
    basket_id = basket(shop)
    answer = shop.request("DELETE", f"/baskets/{basket_id}")
    assert (answer.status, answer.body) == (204, "")
    assert read(shop, basket_id).status == 404


def test_a_changed_price_is_shown_with_what_it_was(shop: Shop) -> None:
    sell(shop, tea=250)
    basket_id = basket(shop, tea=2)
    sell(shop, tea=300)
    answer = put(shop, basket_id, "tea", 4)
    (line,) = answer.json["lines"]
    assert (line["unitPrice"], line["priceChanged"], line["priceBefore"]) == (3, True, 2.5)
    assert answer.json["total"] == 12


def test_what_was_withdrawn_is_shown_and_not_part_of_the_total(shop: Shop) -> None:
    sell(shop, tea=250, cup=900)
    basket_id = basket(shop, tea=2, cup=1)
    withdraw(shop, "tea")
    answer = read(shop, basket_id)
    line = answer.json["lines"][0]
    assert (line["name"], line["unavailable"], "unitPrice" in line) == ("Tea", True, False)
    assert answer.json["total"] == 9


def test_a_sale_price_counts_while_the_sale_lasts(shop: Shop) -> None:
    offers(shop, "tea", 1, offer("tea", 250, sale=200, sale_until="2000-01-01T00:00:00.000Z"))
    offers(shop, "cup", 1, offer("cup", 900, sale=700, sale_from="2000-01-01T00:00:00.000Z"))
    assert read(shop, basket(shop, tea=1, cup=1)).json["total"] == 9.5


def test_a_basket_holds_40_lines(shop: Shop) -> None:
    sell(shop, **{f"sku{number}": 100 for number in range(41)})
    basket_id = basket(shop, None, **{f"sku{number}": 1 for number in range(40)})
    answer = put(shop, basket_id, "sku40", 1)
    assert (answer.status, "40" in answer.json["detail"]) == (409, True)
    assert put(shop, basket_id, "sku39", 2).status == 200


def test_a_total_has_a_limit(shop: Shop) -> None:
    sell(shop, gold=int(MAX_AMOUNT) * 100 - 1)
    basket_id = basket(shop, gold=1)
    answer = put(shop, basket_id, "gold", 2)
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "body.quantity")
    assert read(shop, basket_id).json["total"] == 999_999_999.99


def test_lesson_expiry_computed_then_another_written(shop: Shop) -> None:
    sell(shop, tea=250)
    basket_id = basket(shop)
    answer = put(shop, basket_id, "tea", 1)
    key = f"BASKET#{basket_id}"
    stored = shop.store.get("basket", Key(key, key))
    assert stored is not None
    shown = datetime.fromisoformat(answer.json["expiresAt"])
    assert stored["expiresAt"] == int(shown.timestamp())
    assert abs(shown - (now() + LIFETIME)) < timedelta(seconds=10)


def test_a_change_postpones_the_end_of_a_basket(shop: Shop) -> None:
    sell(shop, tea=250)
    basket_id = basket(shop)
    opened = _age(shop, basket_id, timedelta(days=59))
    assert put(shop, basket_id, "tea", 1).json["expiresAt"] > opened


def test_an_expired_basket_is_gone(shop: Shop) -> None:
    basket_id = basket(shop)
    _age(shop, basket_id, timedelta(days=61))
    assert read(shop, basket_id).status == 404


def _age(shop: Shop, basket_id: str, by: timedelta) -> str:
    """Let the time pass; answers when the basket expires."""
    key = f"BASKET#{basket_id}"
    item = shop.store.get("basket", Key(key, key))
    assert item is not None
    shop.store.transact([Put("basket", item | {"expiresAt": item["expiresAt"] - int(by.total_seconds())})])
    answer = read(shop, basket_id)
    return str(answer.json["expiresAt"]) if answer.status == 200 else ""


@pytest.mark.parametrize(
    "basket_id", ["x", "01a1fa51-aeb2-78cb-8a27-8fb026e19fd5", "01A1FA51-AEB2-78CB-8A27-8FB026E19FD5"]
)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("DELETE", "", None),
        ("PUT", "/lines/tea", {"quantity": 1}),
        ("DELETE", "/lines/tea", None),
        ("POST", "/checkout", {}),
        ("POST", "/claim", None),
    ],
)
def test_an_unknown_basket_is_not_found(shop: Shop, basket_id: str, method: str, path: str, body: Any) -> None:
    assert shop.request(method, f"/baskets/{basket_id}{path}", body, token=ALICE).status == 404


@pytest.mark.parametrize("token", [None, BOB])
def test_a_customers_basket_does_not_exist_for_others(shop: Shop, token: str | None) -> None:
    sell(shop, tea=250)
    basket_id = basket(shop, ALICE, tea=1)
    assert read(shop, basket_id, token).status == 404
    assert put(shop, basket_id, "tea", 9, token).status == 404
    for method, path in [("DELETE", "/lines/tea"), ("POST", "/checkout"), ("DELETE", "")]:
        assert shop.request(method, f"/baskets/{basket_id}{path}", token=token).status == 404
    assert quantities(read(shop, basket_id, ALICE)) == quantities(read(shop, basket_id, "staff")) == {"tea": 1}


def test_a_customer_has_one_basket_on_every_device(shop: Shop) -> None:
    sell(shop, tea=250)
    basket_id = basket(shop, ALICE, tea=1)
    assert basket(shop, ALICE) == basket_id
    assert basket(shop, BOB) != basket_id
    shop.request("DELETE", f"/baskets/{basket_id}", token=ALICE)
    assert basket(shop, ALICE) != basket_id


def _with_caller(subject: str | None, work: Any) -> Any:
    return lambda store: run(
        store, "basket", Cause(new_id(), new_id()), lambda unit: work(unit, Caller(subject, frozenset()))
    )


def test_two_lines_put_in_at_once_are_both_there(shop: Shop) -> None:
    sell(shop, tea=250, cup=900)
    basket_id = basket(shop)

    def put_a_cup(unit: UnitOfWork, caller: Caller) -> None:
        service.put_line(unit, caller, basket_id, "cup", 1)

    with rival(shop, _with_caller(None, put_a_cup)):
        answer = put(shop, basket_id, "tea", 2)
    assert quantities(answer) == quantities(read(shop, basket_id)) == {"cup": 1, "tea": 2}


def test_a_customer_who_opens_two_baskets_at_once_has_one(shop: Shop) -> None:
    opened: list[str] = []

    def open_too(unit: UnitOfWork, caller: Caller) -> None:
        opened.append(service.open_basket(unit, caller).basket_id)

    with rival(shop, _with_caller("alice", open_too)):
        assert [basket(shop, ALICE)] == opened


def test_a_basket_that_is_discarded_meanwhile_is_not_changed(shop: Shop) -> None:
    sell(shop, tea=250)
    basket_id = basket(shop)

    def discard(reader: Store) -> None:
        found = store.find(reader, basket_id)
        assert found is not None
        reader.transact([store.remove(found)])

    with rival(shop, discard):
        assert put(shop, basket_id, "tea", 2).status == 404
    assert read(shop, basket_id).status == 404
