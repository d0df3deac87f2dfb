"""The address book: a few addresses, of each default one."""

import pytest

from cartwheel.identity.model import MAX_ADDRESSES
from tests.support.shop import Shop

from .people import ADA, BOB, HOME, add, book, put, told


def test_an_address_is_added_changed_and_removed(shop: Shop) -> None:
    address_id = add(shop)
    assert book(shop) == [HOME | {"addressId": address_id, "defaultShipping": False, "defaultBilling": False}]
    path = f"/me/addresses/{address_id}"
    moved = shop.request("PUT", path, HOME | {"city": "Ockham", "revision": 1}, token=ADA)
    assert (moved.status, moved.json) == (200, {"addressId": address_id, "revision": 2})
    assert [address["city"] for address in book(shop)] == ["Ockham"]
    assert shop.request("DELETE", path, token=ADA).status == 204
    assert book(shop) == []
    assert shop.request("DELETE", path, token=ADA).status == 404


def test_of_each_default_there_is_one(shop: Shop) -> None:
    first = add(shop, defaultShipping=True, defaultBilling=True)
    second = add(shop, defaultShipping=True)
    defaults = {each["addressId"]: (each["defaultShipping"], each["defaultBilling"]) for each in book(shop)}
    assert defaults == {first: (False, True), second: (True, False)}


def test_there_is_room_for_so_many(shop: Shop) -> None:
    for _ in range(MAX_ADDRESSES):
        last = add(shop)
    assert shop.request("POST", "/me/addresses", HOME, token=ADA).status == 409
    changed = HOME | {"city": "Ockham", "revision": MAX_ADDRESSES}
    assert shop.request("PUT", f"/me/addresses/{last}", changed, token=ADA).status == 200
    assert len(book(shop)) == MAX_ADDRESSES


def test_profile_and_addresses_do_not_overwrite_each_other(shop: Shop) -> None:
    put(shop, name="Ada Lovelace")
    add(shop)
    assert put(shop, revision=1, name="Ada King").status == 409
    put(shop, name="Ada King")
    assert (len(book(shop)), told(shop)["name"]) == (1, "Ada King")


def test_anothers_address_is_none_of_mine(shop: Shop) -> None:
    path = f"/me/addresses/{add(shop)}"
    assert shop.request("PUT", path, HOME | {"revision": 0}, token=BOB).status == 404
    assert shop.request("DELETE", path, token=BOB).status == 404
    assert book(shop, BOB) == []
    assert len(book(shop)) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"country": "UK"}, "body.country"),
        ({"country": "gb"}, "body.country"),
        ({"line1": " "}, "body.line1"),
        ({"city": None}, "body.city"),
        ({"postalCode": "1" * 21}, "body.postalCode"),
        ({"defaultShipping": 1}, "body.defaultShipping"),
        ({"planet": "Earth"}, "body.planet"),
    ],
)
def test_what_is_not_valid_names_its_field(shop: Shop, change: dict[str, object], field: str) -> None:
    answer = shop.request("POST", "/me/addresses", HOME | change, token=ADA)
    assert answer.status == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
