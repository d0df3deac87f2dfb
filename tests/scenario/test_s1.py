"""SEEDS S1: products, baskets and orders are three services, and only events go between them."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from tests.support.running import GUEST, RunningShop, outcome, running_shop

pytestmark = pytest.mark.slow

SKU: Final = "bell-brass"
LAMP: Final = {
    "name": "Reading lamp",
    "categories": ["Home > Lamps"],
    "variants": [{"sku": "lamp", "regularPrice": 20.5}],
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    with running_shop(tmp_path_factory.mktemp("s1")) as shop:
        shop.stock(SKU, 1_000)
        yield shop


def _basket(shop: RunningShop) -> str:
    """The path of a guest's new basket."""
    return f"/baskets/{shop.request('POST', '/baskets', headers=GUEST)['basketId']}"


def _settled(shop: RunningShop, order_id: str) -> dict[str, Any]:
    async def look() -> dict[str, Any]:
        async with shop.client() as client:
            return await outcome(client, order_id)

    return asyncio.run(look())


def _status(shop: RunningShop, path: str) -> int:
    return shop.http.get(shop.url + path).status_code


def _in_category(shop: RunningShop, slug: str) -> list[str]:
    return [product["name"] for product in shop.items(f"/products?category={slug}")]


def test_products_are_made_read_listed_by_category_changed_and_deleted(shop: RunningShop) -> None:
    made = shop.request("POST", "/products", LAMP)
    path = f"/products/{made['productId']}"
    assert shop.get(path)["name"] == "Reading lamp"
    assert _in_category(shop, "home/lamps") == _in_category(shop, "home") == ["Reading lamp"]
    assert "Reading lamp" not in _in_category(shop, "bells")
    shop.request("PUT", path, LAMP | {"revision": 1, "name": "Desk lamp", "categories": ["Office"]})
    assert (_in_category(shop, "home"), _in_category(shop, "office")) == ([], ["Desk lamp"])
    shop.request("DELETE", path)
    assert _status(shop, path) == 404
    assert _in_category(shop, "office") == []


def test_a_basket_is_filled_read_emptied_deleted(shop: RunningShop) -> None:
    basket = _basket(shop)
    shop.request("PUT", f"{basket}/lines/{SKU}", {"quantity": 2})
    shop.request("PUT", f"{basket}/lines/tool-17", {"quantity": 1})
    shop.request("PUT", f"{basket}/lines/{SKU}", {"quantity": 3})
    read = shop.get(basket)
    assert {line["sku"]: line["quantity"] for line in read["lines"]} == {SKU: 3, "tool-17": 1}
    assert read["total"] == round(sum(line["unitPrice"] * line["quantity"] for line in read["lines"]), 2)
    left = shop.request("DELETE", f"{basket}/lines/{SKU}")
    assert [line["sku"] for line in left["lines"]] == ["tool-17"]
    shop.request("DELETE", basket)
    assert _status(shop, basket) == 404


def test_lesson_total_ignores_quantity_or_trusts_the_client(shop: RunningShop) -> None:
    basket = _basket(shop)
    price = shop.request("PUT", f"{basket}/lines/{SKU}", {"quantity": 3}, GUEST)["lines"][0]["unitPrice"]
    done = shop.request("POST", f"{basket}/checkout", {"email": "s1@example.com"}, GUEST)
    order = _settled(shop, done["orderId"])
    assert (order["status"], order["amount"]) == ("CONFIRMED", round(3 * price, 2))
    assert order["lines"] == [{"sku": SKU, "name": "Brass Bell", "quantity": 3, "unitPrice": price}]


def test_checkout_goes_to_ordering_by_event_and_queue_alone(shop: RunningShop) -> None:
    """Each function may touch its own table only, so there is no other way; and the basket is gone."""
    basket = _basket(shop)
    shop.request("PUT", f"{basket}/lines/{SKU}", {"quantity": 1}, GUEST)
    done = shop.request("POST", f"{basket}/checkout", headers=GUEST)
    assert _status(shop, basket) == 404
    assert _settled(shop, done["orderId"])["status"] == "CONFIRMED"
    (event,) = [
        each for each in shop.events("CheckoutBasket") if basket.endswith(each["detail"]["metadata"]["subject"])
    ]
    assert (event["source"], event["detail"]["data"]["orderId"]) == ("cartwheel.basket", done["orderId"])
    handled = [line for line in shop.logged() if line.get("eventId") == event["id"]]
    assert [(line["log"], line["message"]) for line in handled] == [("ordering-placement", "handled")]


async def _check_out_and_look(shop: RunningShop, times: int) -> list[tuple[int, int]]:
    """The order's and the basket's status right after each checkout."""
    statuses = []
    async with shop.client() as client:
        for _ in range(times):
            basket = (await client.request("POST", "/baskets")).json["basketId"]
            await client.request("PUT", f"/baskets/{basket}/lines/{SKU}", {"quantity": 1})
            done = await client.request("POST", f"/baskets/{basket}/checkout")
            order = await client.request("GET", f"/orders/{done.json['orderId']}")
            again = await client.request("POST", f"/baskets/{basket}/checkout")
            assert again.json == done.json  # whoever missed the answer is answered the same
            gone = await client.request("GET", f"/baskets/{basket}")
            statuses.append((order.status, gone.status))
    return statuses


def test_lesson_basket_emptied_and_the_order_unknown(shop: RunningShop) -> None:
    async def many() -> list[list[tuple[int, int]]]:
        return await asyncio.gather(*[_check_out_and_look(shop, 20) for _ in range(12)])

    before = len(shop.stored("ordering", "ORDER#"))
    assert asyncio.run(many()) == [[(200, 404)] * 20] * 12
    shop.wait_until_settled()
    assert len(shop.stored("ordering", "ORDER#")) == before + 240


def test_a_customer_lists_orders_by_date_and_nobody_elses(shop: RunningShop) -> None:
    async def order(subject: str, amount: int) -> str:
        async with shop.client() as client:
            document = {"amount": amount, "currency": "EUR"}
            answer = await client.request("POST", "/orders", document, shop.token(subject))
            return str(answer.json["orderId"])

    mine = [asyncio.run(order("ann", amount)) for amount in (1, 2, 3)]
    theirs = asyncio.run(order("bob", 4))
    listed = shop.get("/orders", shop.token("ann"))["items"]
    assert {each["orderId"] for each in listed} == set(mine)
    assert [each["createdAt"] for each in listed] == sorted((each["createdAt"] for each in listed), reverse=True)
    today = datetime.now(UTC).date().isoformat()
    assert len(shop.get(f"/orders?from={today}&to={today}", shop.token("ann"))["items"]) == 3
    assert shop.get("/orders?to=2020-01-01", shop.token("ann"))["items"] == []
    assert [each["orderId"] for each in shop.get("/orders?customer=bob")["items"]] == [theirs]
    for path, status in [("/orders?customer=bob", 403), (f"/orders/{theirs}", 404)]:
        assert shop.http.get(shop.url + path, headers=shop.token("ann")).status_code == status
    cancel = shop.http.post(f"{shop.url}/orders/{theirs}/cancel", headers=shop.token("ann"))
    assert cancel.status_code == 404
