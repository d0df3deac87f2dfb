"""All one's data: every slice tells its part, in pages, in any order, and nobody else can have it."""

import random
from typing import Any

import pytest

from cartwheel.identity.events import ExportRequested
from cartwheel.identity.model import Part, is_complete
from cartwheel.kernel import export
from cartwheel.ordering.events import OrdersExported
from tests.basket.goods import basket
from tests.ordering import orders
from tests.support.shop import Shop

from .people import ADA, BOB, HOME, settle_in, traces
from .test_erasure import ORDER, buy, erase


def request(shop: Shop, who: str = ADA) -> str:
    answer = shop.request("POST", "/me/exports", token=who)
    assert answer.status == 202, answer
    return str(answer.json["exportId"])


def read(shop: Shop, export_id: str, who: str = ADA) -> Any:
    answer = shop.request("GET", f"/me/exports/{export_id}", token=who)
    assert answer.status == 200, answer
    return answer.json


def data(answer: Any, part: str) -> Any:
    return [item for each in answer["parts"] if each["part"] == part for item in each["data"]]


def test_an_export_has_all_that_the_shop_has(shop: Shop) -> None:
    settle_in(shop)
    order_id = buy(shop)
    basket_id = basket(shop, ADA, tea=3)
    buy(shop, BOB)
    shop.drain()
    export_id = request(shop)
    assert read(shop, export_id)["complete"] is False
    shop.drain()
    answer = read(shop, export_id)
    assert answer["complete"] is True
    (customer,) = [each["data"] for each in answer["parts"] if each["part"] == "customer"]
    assert customer["profile"]["name"] == "Ada Lovelace"
    assert [address["line1"] for address in customer["addresses"]] == [HOME["line1"]]
    assert [(order["orderId"], order["email"]) for order in data(answer, "orders")] == [(order_id, "ada@example.com")]
    assert [(mail["orderId"], mail["to"]) for mail in data(answer, "mails")] == [(order_id, "ada@example.com")]
    assert [(each["basketId"], each["lines"][0]["quantity"]) for each in data(answer, "basket")] == [(basket_id, 3)]
    assert traces(shop) == []


def test_of_who_has_nothing_it_says_that(shop: Shop) -> None:
    export_id = request(shop)
    shop.drain()
    answer = read(shop, export_id)
    assert answer["complete"] is True
    assert [data(answer, part) for part in ("orders", "mails", "basket")] == [[], [], []]


def test_much_comes_in_pages_each_of_which_fits(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MOST_ITEMS", 4)
    monkeypatch.setattr(export, "MOST_BYTES", 900)  # of which some take two, and none three
    expected = [orders.submit(shop, token=ADA, email="ada@example.com") for _ in range(9)]
    export_id = request(shop)
    shop.drain(allow_failures=True)
    answer = read(shop, export_id)
    assert answer["complete"] is True
    assert sorted(order["orderId"] for order in data(answer, "orders")) == sorted(expected)  # each once
    assert len([part for part in answer["parts"] if part["part"] == "orders"]) > 2
    assert all(len(event.content) < 2000 for event in shop.events(OrdersExported))


def test_told_twice_it_is_there_once(shop: Shop) -> None:
    settle_in(shop)
    buy(shop)
    shop.drain()
    export_id = request(shop)
    shop.drain()
    before = read(shop, export_id)
    again = [each for each in shop.envelopes() if each["detail-type"] in ("ExportRequested", "OrdersExported")]
    for envelope in again:
        shop.deliver("ordering-events", envelope)
    shop.publish(ExportRequested(export_id=export_id, customer_id="ada"))  # the same, as another event
    shop.drain()
    assert read(shop, export_id) == before


def test_nobody_has_anothers(shop: Shop) -> None:
    export_id = request(shop)
    shop.drain()
    for who, path in ((BOB, export_id), (ADA, "nothing"), ("staff", export_id)):
        assert shop.request("GET", f"/me/exports/{path}", token=who).status == 404


def test_an_erasure_takes_exports_along(shop: Shop) -> None:
    """Those that are told, and those that are under way: nobody is left to tell them to."""
    settle_in(shop)
    told, under_way = request(shop), None
    shop.drain()
    under_way = request(shop)
    erase(shop)
    shop.drain()
    for export_id in (told, under_way):
        assert shop.request("GET", f"/me/exports/{export_id}", token=ADA).status == 410
    assert shop.dead_letters() == []
    assert traces(shop) == []


def test_complete_is_when_all_pages_of_all_are_there_in_whatever_order() -> None:
    due = frozenset({"a", "b"})
    parts = [Part(part="a", page=n, last=n == 2, content="") for n in range(3)]
    parts.append(Part(part="b", page=0, last=True, content=""))
    for _ in range(20):
        random.shuffle(parts)
        assert [is_complete(parts[:count], due) for count in range(5)] == [False] * 4 + [True]


def test_orders_by_amount_are_told_too(shop: Shop) -> None:
    shop.request("POST", "/orders", ORDER, token=ADA)
    export_id = request(shop)
    shop.drain()
    assert [order["amount"] for order in data(read(shop, export_id), "orders")] == [5]
