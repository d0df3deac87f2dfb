"""The table of docs/authorisation.md, on either host; tests/authorisation asks the embedded one for more."""

import jwt
import pytest

from cartwheel.kernel.ids import new_id
from tests.support.doors import Doors, Headers, table

from .hosts import CUSTOMERS
from .shop import Shop

pytestmark = [pytest.mark.slow, pytest.mark.needs(CUSTOMERS)]


@pytest.fixture(scope="package")
def doors(shop: Shop) -> Doors:
    admin = shop.host.token("admin")
    callers: dict[str, Headers] = {
        "no token": {},
        "a customer": shop.host.token("customer"),
        "its owner": shop.host.token("customer"),
        "staff": shop.staff,
        "admin": admin,
    }
    return Doors(shop.host.http, callers, [_unsigned(admin)], shop.host.patience)


def _unsigned(header: Headers) -> Headers:
    """The admin's own claims, with nobody's signature."""
    claims = jwt.decode(header["Authorization"].removeprefix("Bearer "), options={"verify_signature": False})
    return {"Authorization": f"Bearer {jwt.encode(claims, '', algorithm='none')}"}


@pytest.mark.parametrize("name", ["routes", "guests"])
def test_everybody_hears_what_the_table_says(doors: Doors, name: str) -> None:
    assert list(doors.faults(table(name), of_a_guest=name == "guests")) == []


def test_a_guest_who_signs_in_claims_the_order_and_nobody_else_can(shop: Shop) -> None:
    order_id = shop.order(email=f"{new_id()}@example.com")
    ann, bob = shop.host.token("customer"), shop.host.token("customer")
    for _ in range(2):
        shop.ask("POST", f"/orders/{order_id}/claim", who=ann)
    shop.refusal("POST", f"/orders/{order_id}/claim", who=bob, status=404)
    shop.refusal("GET", f"/orders/{order_id}", status=404)
    shop.until(lambda: [order["orderId"] for order in shop.get("/orders", ann)["items"]] == [order_id])
