"""Who may do what: nobody without a token, customers with their own things, staff."""

from typing import Any, Final

import pytest

from tests.support.routes import GUARDED

from .hosts import CUSTOMERS, subject_of
from .shop import Shop

pytestmark = pytest.mark.slow

# Whoever may not call hears that first, whatever else is wrong.
WRONG: Final[dict[str, Any]] = {
    "params": {"limit": "none"},
    "content": b'{"nothing": "of this"}',
    "headers": {"Content-Type": "application/json"},
}


def test_no_token(shop: Shop) -> None:
    for method, path, _ in GUARDED:
        shop.ask(method, path, status=401, **WRONG)


def test_a_customers_token_on_a_staff_route(shop: Shop) -> None:
    for method, path in [(method, path) for method, path, role in GUARDED if role == "staff"]:
        refused = shop.ask(method, path, who=shop.customer, status=403, **WRONG)
        assert refused.json()["type"].endswith("/forbidden")


def test_a_token_that_is_not_valid(shop: Shop) -> None:
    """Also where none is needed: who sends one wants to be known."""
    good = shop.customer["Authorization"]
    for bad in (good[:-6] + "AAAAAA", "Bearer nonsense"):
        for path in ("/orders", "/products"):
            shop.ask("GET", path, who={"Authorization": bad}, status=401)


def test_a_valid_token_where_none_is_needed(shop: Shop) -> None:
    for path in ("/products", f"/availability/{shop.sku('bought')}"):
        shop.ask("GET", path, who=shop.customer)


def test_what_is_not_published_only_staff_can_see(shop: Shop) -> None:
    hidden = {"name": "Hidden", "published": False, "variants": [{"sku": shop.sku("hidden"), "regularPrice": 1}]}
    path = f"/products/{shop.ask('POST', '/products', hidden, shop.staff, 201).json()['productId']}"
    for who, status in ((shop.staff, 200), (shop.customer, 404), ({}, 404)):
        shop.ask("GET", path, who=who, status=status)


def test_a_guests_order_shows_itself_to_who_knows_its_id(shop: Shop) -> None:
    order_id = shop.order(email="guest@example.com")
    for who in ({}, shop.customer, shop.staff):
        assert "example.com" not in shop.ask("GET", f"/orders/{order_id}", who=who).text


@pytest.mark.needs(CUSTOMERS)
def test_a_customers_order_is_only_theirs(shop: Shop) -> None:
    """The route is open: it is the token that makes the order the customer's."""
    ann, bob = shop.customer, shop.host.token("customer")
    order_id = shop.order(7, ann)
    for who, status in ((ann, 200), (shop.staff, 200), (bob, 404), ({}, 404)):
        shop.ask("GET", f"/orders/{order_id}", who=who, status=status)
    shop.refusal("POST", f"/orders/{order_id}/cancel", who=bob, status=404)
    assert order_id in [order["orderId"] for order in shop.get("/orders", ann)["items"]]
    assert shop.get("/orders", bob)["items"] == []
    shop.refusal("GET", f"/orders?customer={subject_of(ann)}", who=bob, status=403)
    assert order_id in [
        order["orderId"] for order in shop.get(f"/orders?customer={subject_of(ann)}", shop.staff)["items"]
    ]
