"""From a basket to an order: what is bought, declined, sold out."""

import pytest

from .shop import PRICE, Shop

pytestmark = pytest.mark.slow

EMAIL = "shopper@example.com"


def test_buy(shop: Shop) -> None:
    sku = shop.sku("bought")
    order_id = shop.buy(sku, 3, email=EMAIL)
    assert shop.get(f"/orders/{order_id}")["orderId"] == order_id  # known at once
    order = shop.settled(order_id)
    assert (order["status"], order["amount"]) == ("CONFIRMED", 3 * PRICE)
    assert [step["status"] for step in order["history"]] == ["PENDING", "PLACED", "RESERVED", "CONFIRMED"]
    assert [(line["sku"], line["quantity"], line["unitPrice"]) for line in order["lines"]] == [(sku, 3, PRICE)]
    shop.until(lambda: shop.stock(sku) == (7, 0))
    shop.is_told(order_id, "confirmed")
    assert shop.payment(order_id) == "AUTHORISED"


def test_a_declined_payment(shop: Shop) -> None:
    sku = shop.sku("declined")
    order_id = shop.buy(sku, 2, paymentToken="tok_decline", email=EMAIL)
    order = shop.settled(order_id)
    assert (order["status"], order["reason"]) == ("CANCELLED", "payment_declined")
    assert "declined" in order["message"]
    shop.until(lambda: shop.stock(sku) == (10, 0))
    shop.is_told(order_id, "cancelled")


def test_out_of_stock(shop: Shop) -> None:
    sku = shop.sku("scarce")
    order = shop.settled(shop.buy(sku, 11))
    assert (order["status"], order["reason"], order["outOfStock"]) == ("CANCELLED", "out_of_stock", [sku])
    assert shop.stock(sku) == (10, 0)
    assert shop.settled(shop.buy(sku, 10))["status"] == "CONFIRMED"
    assert shop.get(f"/availability/{sku}")["available"] == "sold_out"


def test_a_basket_is_filled_emptied_and_discarded(shop: Shop) -> None:
    sku = shop.sku("handled")
    basket = f"/baskets/{shop.ask('POST', '/baskets', status=201).json()['basketId']}"
    for quantity in (2, 4):
        filled = shop.ask("PUT", f"{basket}/lines/{sku}", {"quantity": quantity}).json()
    assert ([line["quantity"] for line in filled["lines"]], filled["total"]) == ([4], 4 * PRICE)
    assert shop.get(basket) == filled
    assert shop.ask("DELETE", f"{basket}/lines/{sku}").json()["lines"] == []
    shop.ask("DELETE", basket, status=204)
    shop.refusal("GET", basket, status=404)


def test_a_guests_basket_is_claimed_once(shop: Shop) -> None:
    sku, customer = shop.sku("handled"), shop.host.token("customer")
    guest = f"/baskets/{shop.ask('POST', '/baskets', status=201).json()['basketId']}"
    shop.ask("PUT", f"{guest}/lines/{sku}", {"quantity": 2})
    own = f"/baskets/{shop.ask('POST', f'{guest}/claim', who=customer).json()['basketId']}"
    again = shop.ask("POST", f"{guest}/claim", who=customer).json()
    assert [line["quantity"] for line in again["lines"]] == [2]
    shop.refusal("GET", guest, status=404)
    shop.refusal("GET", own, status=404)  # it is the customer's now
    shop.ask("DELETE", own, who=customer, status=204)


def test_a_basket_is_checked_out_once(shop: Shop) -> None:
    sku = shop.sku("handled")
    basket = f"/baskets/{shop.ask('POST', '/baskets', status=201).json()['basketId']}"
    shop.ask("PUT", f"{basket}/lines/{sku}", {"quantity": 1})
    shop.refusal("POST", f"{basket}/checkout", {"expectedTotal": 1}, status=409)
    first, second = (shop.ask("POST", f"{basket}/checkout", status=202).json() for _ in range(2))
    assert first == second
    shop.refusal("GET", basket, status=404)
