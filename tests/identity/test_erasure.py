"""Being forgotten: at once, for good, everywhere, and by nobody's mistake."""

import json
from typing import Any

import pytest

from cartwheel.basket.events import CheckoutBasket
from cartwheel.identity.events import CustomerErased, CustomerRegistered
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.store import Store
from cartwheel.notification.events import MessageQueued, MessageSent
from tests.basket.goods import basket, check_out, sell
from tests.support.rival import rival
from tests.support.shop import Answer, Shop

from .people import ADA, BOB, HOME, everything, put, settle_in, stored, told
from .test_profile import confirmed


def erase(shop: Shop, who: str = ADA, **more: Any) -> Answer:
    return shop.request("DELETE", "/me", {"confirm": "ERASE"}, token=who, **more)


def buy(shop: Shop, who: str | None = ADA) -> str:
    sell(shop, tea=250)
    answer = check_out(shop, basket(shop, who, tea=1), token=who, email="ada@example.com")
    assert answer.status == 202, answer
    return str(answer.json["orderId"])


def mails(shop: Shop) -> list[tuple[str | None, str]]:
    items = shop.request("GET", "/mailbox?limit=100", token="staff").json["items"]
    return [(mail["to"], mail["state"]) for mail in items]


def test_who_is_erased_is_gone(shop: Shop) -> None:
    settle_in(shop)
    assert erase(shop).status == 204
    shop.drain()
    for method, path, body in (
        ("GET", "/me", None),
        ("GET", "/me/addresses", None),
        ("PUT", "/me", {"revision": 0, "name": "Ada"}),
        ("PUT", "/me", {"revision": 2, "name": "Ada"}),
        ("POST", "/me/addresses", HOME),
        ("POST", "/me/exports", None),
    ):
        refused = shop.request(method, path, body, token=ADA)
        assert (refused.status, refused.json["type"].rpartition("/")[2]) == (410, "erased"), path
    assert stored(shop, "identity", "CUSTOMER#ada").keys() == {"PK", "SK", "customerId", "revision", "erasedAt"}
    assert shop.ended == ["ada"]


def test_erasing_again_is_the_same(shop: Shop) -> None:
    settle_in(shop)
    assert [erase(shop).status for _ in range(3)] == [204, 204, 204]
    assert len(shop.events(CustomerErased)) == 1


def test_who_never_told_anything_can_be_erased(shop: Shop) -> None:
    assert erase(shop).status == 204
    assert len(shop.events(CustomerErased)) == 1
    assert put(shop, revision=0, name="Ada").status == 410


@pytest.mark.parametrize("body", [None, {}, {"confirm": "yes"}, {"confirm": True}])
def test_nobody_is_erased_by_mistake(shop: Shop, body: Any) -> None:
    settle_in(shop)
    assert shop.request("DELETE", "/me", body, token=ADA).status == 422
    assert told(shop)["name"] == "Ada Lovelace"


def test_a_change_that_meets_the_erasure_is_not_stored(shop: Shop) -> None:
    """Whoever is first: what was read before is not written over what is erased."""
    settle_in(shop)

    def erasing(_: Store) -> None:
        overtaken, shop.store = shop.store, honest
        erase(shop)
        shop.store = overtaken

    honest = shop.store
    with rival(shop, erasing):
        assert put(shop, name="Ada King").status == 410
    assert "person" not in stored(shop, "identity", "CUSTOMER#ada")


def test_a_sign_up_that_is_told_late_brings_nobody_back(shop: Shop) -> None:
    erase(shop)
    confirmed(shop, "ada")
    assert shop.events(CustomerRegistered) == []


def test_orders_stay_without_the_person(shop: Shop) -> None:
    settle_in(shop)
    order_id = buy(shop)
    shop.drain()
    assert mails(shop) == [("ada@example.com", "SENT_TO_MAILBOX")] or mails(shop) == []
    erase(shop)
    shop.drain()
    order = shop.request("GET", f"/orders/{order_id}", token="staff").json
    assert (order["amount"], [line["sku"] for line in order["lines"]]) == (2.5, ["tea"])
    assert all(to is None for to, _ in mails(shop))


def test_an_order_under_way_goes_on_without_a_mail_to_anybody(tmp_path: Any) -> None:
    """What was queued before, and what is written after."""
    shop = Shop(tmp_path, Settings(smtp_url="smtp://127.0.0.1:1"))  # nothing answers there
    order_id = shop.request("POST", "/orders", ORDER, token=ADA).json["orderId"]
    while not shop.events(MessageQueued):
        before = len(shop.envelopes())
        for consumer in ("ordering-placement", "inventory-events", "ordering-events", "payment-events"):
            shop._drain_queue(consumer, 10, False)
            shop.relay()
        shop._drain_queue("notification-events", 10, False)
        assert len(shop.envelopes()) > before
    erase(shop)
    shop.drain()
    assert mails(shop) == [(None, "ERASED")]
    assert shop.request("POST", f"/orders/{order_id}/fulfil", token="staff").status == 200
    shop.drain()
    assert mails(shop) == [(None, "ERASED"), (None, "ERASED")]
    assert shop.events(MessageSent) == []
    assert shop.dead_letters() == []
    shop.close()


ORDER = {"amount": 5, "currency": "EUR", "email": "ada@example.com"}


def test_their_basket_is_dropped(shop: Shop) -> None:
    sell(shop, tea=250)
    mine, others = basket(shop, ADA, tea=1), basket(shop, BOB, tea=1)
    erase(shop)
    shop.drain()
    assert shop.request("GET", f"/baskets/{mine}", token=ADA).status == 404
    assert shop.request("GET", f"/baskets/{others}", token=BOB).status == 200


def test_nobody_else_is_erased(shop: Shop) -> None:
    settle_in(shop)
    put(shop, BOB, name="Bob")
    buy(shop, BOB)
    erase(shop)
    shop.drain()
    assert told(shop, BOB)["name"] == "Bob"
    assert shop.ended == ["ada"]
    assert [to for to, _ in mails(shop)] == ["ada@example.com"] * len(mails(shop))


def test_a_token_that_outlives_its_customer_seals_nothing_new(shop: Shop) -> None:
    erase(shop)
    sell(shop, tea=250)
    refused = check_out(shop, basket(shop, ADA, tea=1), token=ADA, email="ada@example.com")
    assert refused.status == shop.request("POST", "/orders", ORDER, token=ADA).status == 410
    assert shop.events(CheckoutBasket) == []


def test_staff_erase_a_guest_by_the_order_and_a_customer_by_name(shop: Shop) -> None:
    settle_in(shop)
    first, second = buy(shop, None), buy(shop, None)
    shop.drain()
    erasure = {"orderId": first, "confirm": "ERASE"}
    assert shop.request("POST", "/erasures", erasure, token=ADA).status == 403
    assert shop.request("POST", "/erasures", erasure, token="staff").status == 204
    items = shop.request("GET", "/mailbox", token="staff").json["items"]
    assert {mail["orderId"]: mail["to"] for mail in items} == {first: None, second: "ada@example.com"}
    erasure = {"customerId": "ada", "confirm": "ERASE"}
    assert [shop.request("POST", "/erasures", erasure, token="staff").status for _ in range(2)] == [204, 204]
    assert shop.request("GET", "/me", token=ADA).status == 410


def test_a_key_is_nowhere_but_in_the_vault(shop: Shop) -> None:
    """Not in an event, nor in what is kept of the acts of staff."""
    settle_in(shop)
    buy(shop, None)
    assert shop.request("POST", "/orders", ORDER, token="staff").status == 202
    shop.drain()
    kept = [item["key"] for item in query_keys(shop)]
    assert len(kept) == 3
    content = everything(shop)
    assert [content.count(key.lower()) for key in kept] == [1, 1, 1]


def query_keys(shop: Shop) -> list[dict[str, str]]:
    rows = shop._connection.execute('SELECT item FROM "items_vault"')
    return [json.loads(item) for (item,) in rows]


@pytest.mark.parametrize("names", [{}, {"orderId": "a", "customerId": "b"}])
def test_staff_name_one_whom_they_erase(shop: Shop, names: dict[str, str]) -> None:
    assert shop.request("POST", "/erasures", {**names, "confirm": "ERASE"}, token="staff").status == 422
