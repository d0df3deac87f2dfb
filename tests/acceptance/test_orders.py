"""Orders by amount, and what becomes of an order afterwards."""

import hashlib
import hmac
import json
import time

import pytest

from cartwheel.kernel.ids import is_id, new_id

from .hosts import SECRETS
from .shop import Shop

pytestmark = pytest.mark.slow

ORDER = {"amount": 99.99, "currency": "EUR"}


def test_an_order_by_amount(shop: Shop) -> None:
    order_id = shop.ask("POST", "/orders", ORDER, status=202).json()["orderId"]
    assert is_id(order_id)
    at_once = shop.get(f"/orders/{order_id}")
    assert at_once.items() >= {"orderId": order_id, **ORDER}.items()
    assert shop.settled(order_id).items() >= {"status": "CONFIRMED", **ORDER}.items()


def test_an_idempotency_key(shop: Shop) -> None:
    key = {"Idempotency-Key": new_id()}
    first, second = (shop.ask("POST", "/orders", ORDER, key, 202) for _ in range(2))
    assert first.json() == second.json()
    assert ("idempotency-replayed" in first.headers, second.headers["idempotency-replayed"]) == (False, "true")
    shop.refusal("POST", "/orders", {**ORDER, "amount": 1}, key, status=422)


def test_the_goods_are_sent_and_come_back(shop: Shop) -> None:
    order_id = shop.order(20, email="shopper@example.com")
    shop.becomes(order_id, "CONFIRMED")
    shop.ask("POST", f"/orders/{order_id}/fulfil", who=shop.staff)
    shop.until(lambda: shop.payment(order_id) == "CAPTURED")
    shop.refusal("POST", f"/orders/{order_id}/cancel", who=shop.staff, status=409)
    shop.ask("POST", f"/orders/{order_id}/refund", who=shop.staff)
    shop.until(lambda: shop.payment(order_id) == "REFUNDED")
    shop.is_told(order_id, "confirmed", "fulfilled", "refunded")


def test_a_customer_cancels(shop: Shop) -> None:
    sku, customer = shop.sku("cancelled"), shop.host.token("customer")
    order_id = shop.buy(sku, 4, customer)
    shop.settled(order_id, customer)
    shop.ask("POST", f"/orders/{order_id}/cancel", who=customer)
    order = shop.becomes(order_id, "CANCELLED", who=customer)
    assert order["reason"] == "cancelled_by_customer"
    shop.until(lambda: shop.stock(sku) == (10, 0))
    shop.until(lambda: shop.payment(order_id) == "VOIDED")


def test_a_provider_that_decides_later_is_asked(shop: Shop) -> None:
    order_id = shop.order(30, paymentToken="tok_late")
    order = shop.becomes(order_id, "CONFIRMED", run="payment-callbacks")
    assert order["status"] == "CONFIRMED"


@pytest.mark.needs(SECRETS)
def test_a_provider_that_decides_later_tells_it_by_a_signed_webhook(shop: Shop) -> None:
    order_id = shop.order(40, paymentToken="tok_late")
    shop.until(lambda: shop.host.http.get(f"/payments/{order_id}", headers=shop.staff).status_code == 200)
    body = json.dumps({"id": new_id(), "key": f"{order_id}:authorise", "outcome": "authorised"}).encode()
    shop.ask("POST", "/payments/webhooks/sandbox", status=401, content=body, headers=_signed(b"guessed", body))
    taken = shop.ask(
        "POST", "/payments/webhooks/sandbox", content=body, headers=_signed(shop.host.webhook_secret(), body)
    )
    assert taken.json()["state"] == "AUTHORISED"
    shop.becomes(order_id, "CONFIRMED")


def _signed(secret: bytes, body: bytes) -> dict[str, str]:
    moment = int(time.time())
    digest = hmac.new(secret, f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return {
        "X-Signature": f"t={moment},v1={digest}",
        "Content-Type": "application/json",
        "Idempotency-Key": new_id(),
    }
