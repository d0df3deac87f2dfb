"""HTTP in: what is accepted, what is refused, who sees what."""

import re
from typing import Any

import pytest

from cartwheel.kernel.ids import new_id, sealed_id
from cartwheel.kernel.vault import EMAIL, open_sealed
from cartwheel.ordering.events import OrderCancelled, OrderFulfilled, OrderRefunded
from tests.ordering import orders
from tests.support.shop import Shop

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_an_order_by_amount_and_its_answer(shop: Shop) -> None:
    accepted = shop.request("POST", "/orders", json={"amount": 99.99, "currency": "EUR"})
    assert accepted.status == 202
    assert accepted.headers["Content-Type"] == "application/json"
    order_id = accepted.json["orderId"]
    assert UUID.fullmatch(order_id)
    assert accepted.json == {"orderId": order_id, "status": "PENDING"}

    found = shop.request("GET", f"/orders/{order_id}")
    assert found.status == 200
    assert {"orderId": order_id, "amount": 99.99, "currency": "EUR", "status": "PENDING"}.items() <= found.json.items()
    assert found.json["createdAt"].endswith("Z")
    assert '"amount":99.99,' in found.body


def test_stored_item_has_the_documented_keys(shop: Shop) -> None:
    order_id = orders.submit(shop)
    item = orders.item(shop, order_id)
    assert item["PK"] == item["SK"] == f"ORDER#{order_id}"
    assert (item["amount"], item["currency"]) == (9999, "EUR")
    assert item["createdAt"] == orders.show(shop, order_id)["createdAt"]


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({"amount": 0, "currency": "EUR"}, "body.amount", "greater than 0"),
        ({"amount": -5, "currency": "EUR"}, "body.amount", "greater than or equal to 0"),
        ({"amount": 99.999, "currency": "EUR"}, "body.amount", "2 digits"),
        ({"amount": 1.5, "currency": "JPY"}, "body.amount", "0 digits"),
        ({"amount": 1_000_000_000.01, "currency": "EUR"}, "body.amount", "not be more than 1000000000"),
        ({"amount": "99.99", "currency": "EUR"}, "body.amount", "must be a number"),
        ({"amount": True, "currency": "EUR"}, "body.amount", "must be a number"),
        ({"amount": None, "currency": "EUR"}, "body.amount", "must be a number"),
        ({"amount": 1, "currency": "XXX"}, "body.currency", "unknown currency"),
        ({"amount": 1, "currency": 978}, "body.currency", "string"),
        ({"amount": 1}, "body.currency", "required"),
        ({"amount": 1, "currency": "EUR", "email": "a@b\nBcc: x@y"}, "body.email", "not an e-mail address"),
        ({"amount": 1, "currency": "EUR", "paymentToken": ""}, "body.paymentToken", "at least 1"),
        ({"amount": 1, "currency": "EUR", "orderId": new_id()}, "body.orderId", "not permitted"),
        ({"amount": 1, "currency": "EUR", "status": "CONFIRMED"}, "body.status", "not permitted"),
        ([], "body", "valid dictionary"),
    ],
)
def test_invalid_order_is_refused_with_field_and_reason(shop: Shop, body: Any, field: str, reason: str) -> None:
    answer = shop.request("POST", "/orders", json=body)
    assert answer.status == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    found = {error["field"]: error["reason"] for error in answer.json["errors"]}
    assert reason in found[field]
    assert shop.envelopes() == []


@pytest.mark.parametrize("text", ["{", "NaN", '{"amount": 1e-99999999999999999999999, "currency": "EUR"}', "\x00"])
def test_broken_json_is_refused(shop: Shop, text: str) -> None:
    answer = shop.request("POST", "/orders", body=text, headers={"content-type": "application/json"})
    assert (answer.status, answer.json["detail"]) == (400, "The body is not JSON.")


@pytest.mark.parametrize(
    "amount", ["99.990000000000000000000000000000001", "1e-1000020", "0.001", "1e-5000"], ids=lambda text: text[:12]
)
def test_amount_is_never_rounded(shop: Shop, amount: str) -> None:
    body = f'{{"amount": {amount}, "currency": "EUR"}}'
    answer = shop.request("POST", "/orders", body=body, headers={"content-type": "application/json"})
    assert answer.status == 422


@pytest.mark.parametrize("amount", [1_000_000_000, 1, 0.01, 1.1e2])
def test_amount_comes_back_as_it_was(shop: Shop, amount: float) -> None:
    assert orders.show(shop, orders.submit(shop, amount=amount))["amount"] == amount


def test_same_idempotency_key_is_one_order(shop: Shop) -> None:
    first, second = (
        shop.request("POST", "/orders", json={"amount": 5, "currency": "EUR"}, headers={"Idempotency-Key": "k-1"})
        for _ in range(2)
    )
    assert first.json == second.json
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(shop.envelopes()) == 1


@pytest.mark.parametrize(
    "order_id", [new_id(), sealed_id("another key"), "x", "%00", "1" * 500, new_id().upper()], ids=lambda _: "id"
)
@pytest.mark.parametrize("way", ["GET {}", "POST {}/cancel", "POST {}/fulfil", "POST {}/refund"])
def test_unknown_order_is_not_found(shop: Shop, order_id: str, way: str) -> None:
    method, path = way.format(f"/orders/{order_id}").split()
    answer = shop.request(method, path, token="staff")
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_customers_order_answers_only_to_its_owner_and_staff(shop: Shop) -> None:
    order_id = orders.submit(shop, token="customer:alice")
    seen = {
        token: shop.request("GET", f"/orders/{order_id}", token=token).status
        for token in ("customer:alice", "staff", "customer:bob", None)
    }
    assert seen == {"customer:alice": 200, "staff": 200, "customer:bob": 404, None: 404}


def test_no_answer_shows_personal_data(shop: Shop) -> None:
    order_id = orders.check_out(shop, email="a@example.com", customer_id="alice", payment_token="tok-7")
    for path in (f"/orders/{order_id}", "/orders"):
        body = shop.request("GET", path, token="customer:alice").body
        assert order_id in body
        assert not {"a@example.com", "alice", "tok-7"} & set(re.split(r'["/,:]', body))


def test_list_is_newest_first_and_pages_without_gap_or_repetition(shop: Shop) -> None:
    old = [orders.submit(shop, token="customer:alice") for _ in range(5)]
    first = shop.request("GET", "/orders?limit=2", token="customer:alice").json
    orders.submit(shop, token="customer:alice")  # what an offset would stumble over
    second = shop.request("GET", f"/orders?limit=3&cursor={first['next']}", token="customer:alice").json
    old.sort(key=lambda order_id: (orders.show(shop, order_id)["createdAt"], order_id))  # several in a millisecond
    assert [order["orderId"] for order in first["items"] + second["items"]] == old[::-1]
    assert second["next"] is None


def test_list_by_date(shop: Shop) -> None:
    order_id = orders.submit(shop, token="customer:alice")
    today = orders.show(shop, order_id)["createdAt"][:10]

    def found(query: str) -> int:
        return len(shop.request("GET", f"/orders?{query}", token="customer:alice").json["items"])

    assert found(f"from={today}&to={today}") == 1
    assert found("to=2020-01-01") == 0
    assert found("from=2999-01-01") == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-02-01&to=2026-01-01", "query.from"),
        ("from=yesterday", "query.from"),
        ("from=1700000000", "query.from"),
        ("to=2026-13-01", "query.to"),
        ("limit=0", "query.limit"),
        ("limit=101", "query.limit"),
        ("cursor=nonsense", "query.cursor"),
    ],
)
def test_invalid_list_query_is_refused(shop: Shop, query: str, field: str) -> None:
    answer = shop.request("GET", f"/orders?{query}", token="customer:alice")
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, field)


def test_staff_may_list_a_customers_orders(shop: Shop) -> None:
    order_id = orders.submit(shop, token="customer:alice")
    listed = shop.request("GET", "/orders?customer=alice", token="staff").json["items"]
    assert [order["orderId"] for order in listed] == [order_id]
    assert shop.request("GET", "/orders", token="staff").json == {"items": [], "next": None}


def test_owner_cancels_and_may_repeat_it(shop: Shop) -> None:
    order_id = orders.confirm(shop, token="customer:alice")
    first, second = (shop.request("POST", f"/orders/{order_id}/cancel", token="customer:alice") for _ in range(2))
    assert (first.status, first.json["status"], first.json["reason"]) == (200, "CANCELLED", "cancelled_by_customer")
    assert "as you asked" in first.json["message"]
    assert second.json == first.json
    assert len(shop.events(OrderCancelled)) == 1


def test_staff_fulfil_then_refund(shop: Shop) -> None:
    order_id = orders.fulfil(shop, email="a@example.com")
    refunded = shop.request("POST", f"/orders/{order_id}/refund", token="staff")
    assert (refunded.status, refunded.json["status"]) == (200, "REFUNDED")
    (fulfilled,) = shop.events(OrderFulfilled)
    assert open_sealed(shop.store, EMAIL, fulfilled.email or "") == "a@example.com"
    assert [event.amount for event in shop.events(OrderRefunded)] == [9999]


def test_what_the_state_forbids_is_a_conflict_that_says_so(shop: Shop) -> None:
    order_id = orders.reserve(shop)
    answer = shop.request("POST", f"/orders/{order_id}/fulfil", token="staff")
    assert answer.status == 409
    assert answer.json["detail"] == "The order is RESERVED and cannot be fulfilled. Possible now: cancel."
    order_id = orders.fulfil(shop, token="customer:alice")
    answer = shop.request("POST", f"/orders/{order_id}/cancel", token="customer:alice")
    assert (answer.status, answer.json["type"]) == (409, "https://cartwheel.example/problems/conflict")


def test_order_whose_checkout_is_on_its_way_cannot_be_changed_yet(shop: Shop) -> None:
    order_id = sealed_id(shop.settings.seal_key)
    answer = shop.request("POST", f"/orders/{order_id}/cancel", token="customer:alice")
    assert answer.status == 409
    assert "try again" in answer.json["detail"]
