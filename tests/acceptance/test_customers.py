"""Customers tell who they are, have all that is known of them, and are forgotten; so are guests."""

from typing import Any

import pytest

from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.events import Cause, Envelope
from cartwheel.kernel.ids import new_id
from cartwheel.notification.events import MessageQueued

from .hosts import CUSTOMERS, MESSAGES, Headers
from .shop import Shop

pytestmark = [pytest.mark.slow, pytest.mark.needs(CUSTOMERS)]

EMAIL = "ada@example.com"
HOME = {"name": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "country": "GB"}
ERASE = {"confirm": "ERASE"}


@pytest.fixture
def ada(shop: Shop) -> Headers:
    return shop.host.token("customer")


def test_a_profile_and_addresses(shop: Shop, ada: Headers) -> None:
    revision = shop.get("/me", ada)["revision"]
    revision = shop.ask("PUT", "/me", {"name": "Ada Lovelace", "revision": revision}, ada).json()["revision"]
    shop.refusal("PUT", "/me", {"name": "Mallory", "revision": revision - 1}, ada, status=409)
    first = shop.ask("POST", "/me/addresses", HOME | {"defaultShipping": True}, ada, 201).json()
    second = shop.ask("POST", "/me/addresses", HOME | {"defaultShipping": True}, ada, 201).json()
    moved = HOME | {"city": "Ockham", "revision": second["revision"]}
    shop.ask("PUT", f"/me/addresses/{first['addressId']}", moved, ada)
    shop.ask("DELETE", f"/me/addresses/{second['addressId']}", who=ada, status=204)
    assert [address["city"] for address in shop.get("/me/addresses", ada)["items"]] == ["Ockham"]
    assert shop.get("/me", ada)["name"] == "Ada Lovelace"
    assert shop.get("/me/addresses", shop.host.token("customer"))["items"] == []


def test_all_ones_data_and_then_none(shop: Shop, ada: Headers) -> None:
    shop.ask("PUT", "/me", {"name": "Ada Lovelace", "revision": shop.get("/me", ada)["revision"]}, ada)
    order_id = shop.buy(shop.sku("handled"), who=ada, email=EMAIL)
    shop.becomes(order_id, "CONFIRMED", who=ada)
    shop.is_told(order_id, "confirmed")
    basket = f"/baskets/{shop.ask('POST', '/baskets', who=ada, status=201).json()['basketId']}"
    shop.ask("PUT", f"{basket}/lines/{shop.sku('handled')}", {"quantity": 1}, ada)
    export = f"/me/exports/{shop.ask('POST', '/me/exports', who=ada, status=202).json()['exportId']}"
    shop.refusal("GET", export, who=shop.host.token("customer"), status=404)
    told = shop.until(lambda: _complete(shop, export, ada))
    assert {part["part"]: _short(part) for part in told["parts"]} == {
        "customer": "Ada Lovelace",
        "orders": [(order_id, EMAIL)],
        "mails": [(order_id, EMAIL)],
        "basket": [(basket.rpartition("/")[2], None)],
    }
    shop.refusal("DELETE", "/me", {"confirm": "no"}, ada, status=422)
    for _ in range(2):
        shop.ask("DELETE", "/me", ERASE, ada, 204)
    shop.refusal("GET", "/me", who=ada, status=410)
    shop.refusal("GET", export, who=ada, status=410)
    shop.refusal("POST", "/orders", {"amount": 1, "currency": "EUR", "email": EMAIL}, ada, status=410)
    assert _recipient(shop, order_id) is None
    shop.until(lambda: shop.host.http.get(basket, headers=ada).status_code == 404)


def _complete(shop: Shop, export: str, who: Headers) -> Any:
    told = shop.get(export, who)
    return told if told["complete"] else None


def _short(part: Any) -> Any:
    if part["part"] == "customer":
        return part["data"]["profile"]["name"]
    return [(each.get("orderId") or each["basketId"], each.get("email") or each.get("to")) for each in part["data"]]


def test_an_order_by_amount_of_a_customer_is_mailed_too(shop: Shop, ada: Headers) -> None:
    order_id = shop.order(3, ada, email=EMAIL)
    shop.is_told(order_id, "confirmed")
    assert _recipient(shop, order_id) == EMAIL


def test_staff_forget_a_guest_by_the_order(shop: Shop) -> None:
    kept, order_id = shop.order(3, email=EMAIL), shop.order(4, email=EMAIL)
    for each in (kept, order_id):
        shop.is_told(each, "confirmed")
    shop.ask("POST", "/erasures", ERASE | {"orderId": order_id}, shop.staff, 204)
    assert (_recipient(shop, order_id), _recipient(shop, kept)) == (None, EMAIL)
    assert shop.get(f"/orders/{order_id}")["amount"] == 4


def _recipient(shop: Shop, order_id: str) -> Any:
    mails = shop.get("/mailbox?limit=100", shop.staff)["items"]
    return next(mail["to"] for mail in mails if mail["orderId"] == order_id)


@pytest.mark.needs(MESSAGES)
def test_a_queued_mail_to_somebody_who_was_erased_is_not_sent(shop: Shop) -> None:
    order_id = new_id()
    key = f"MAIL#{order_id}.confirmed"
    mail = {
        "PK": key,
        "SK": key,
        "messageId": f"{order_id}.confirmed",
        "orderId": order_id,
        "kind": "confirmed",
        "to": f"sealed:v1:{order_id}:AAAA",
        "subject": "Your order",
        "text": "It is confirmed.",
        "state": "QUEUED",
        "createdAt": timestamp(now()),
        "expiresAt": 4102444800,
    }
    shop.host.leave_behind("notification", mail)
    queued = Envelope.of(
        MessageQueued(message_id=f"{order_id}.confirmed", order_id=order_id), Cause(new_id(), new_id())
    ).to_dict()
    queued["detail"]["metadata"] |= {"id": queued["id"], "time": queued["time"]}
    shop.host.publish(queued)

    def state() -> bool:
        mails = shop.get("/mailbox?limit=100", shop.staff)["items"]
        return [each["state"] for each in mails if each["orderId"] == order_id] == ["ERASED"]

    shop.until(state)
