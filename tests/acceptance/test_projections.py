"""Projections: made once more of past events, compared with the live ones, and put in their place."""

from typing import Any

import pytest

from cartwheel.catalog.events import Offer, ProductChanged, ProductRemoved
from cartwheel.kernel.events import Cause, Envelope, Event
from cartwheel.kernel.ids import new_id
from cartwheel.ordering.events import OrderConfirmed

from .shop import Shop

pytestmark = pytest.mark.slow


def told(event: Event) -> dict[str, Any]:
    """As `GET /events` lists an event; these the shop has never had."""
    envelope = Envelope.of(event, Cause(new_id(), new_id()))
    entry = envelope.to_dict()
    return {"type": entry.pop("detail-type"), **entry}


def begin(shop: Shop, projection: str, *, whole: bool) -> str:
    """The path of a fresh copy."""
    begun = shop.ask("POST", f"/projections/{projection}/copies", {"whole": whole}, shop.staff, 201).json()
    return f"/projections/{projection}/copies/{begun['copyId']}"


def apply(shop: Shop, copy: str, *events: dict[str, Any]) -> tuple[int, int]:
    done = shop.ask("POST", f"{copy}/events", {"events": list(events)}, shop.staff).json()
    assert done["failed"] == []
    return done["applied"], done["known"]


def differences(shop: Shop, copy: str) -> list[dict[str, Any]]:
    items, cursor = [], ""
    while True:
        page = shop.get(f"{copy}/differences?limit=100{cursor}", shop.staff)
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = f"&cursor={page['next']}"


def swap(shop: Shop, copy: str, found: list[dict[str, Any]]) -> tuple[int, int]:
    items = [{name: each[name] for name in ("pk", "sk", "live", "rebuilt")} for each in found]
    done = shop.ask("POST", f"{copy}/swap", {"items": items}, shop.staff).json()
    assert done["passed"] == []
    return done["written"], done["removed"]


def kinds(found: list[dict[str, Any]]) -> list[str]:
    return sorted(each["kind"] for each in found)


def test_prices_become_what_their_events_come_to(shop: Shop) -> None:
    sku, product = shop.sku("rebuilt"), f"rebuilt-{shop.mark}"
    offer = Offer(sku=sku, name="Rebuilt", regular=990, currency="EUR")
    made = told(ProductChanged(product_id=product, revision=1, name="Rebuilt", published=True, offers=[offer]))
    gone = told(ProductRemoved(product_id=product, revision=2, skus=[sku]))
    copy = begin(shop, "prices", whole=False)
    assert apply(shop, copy, made) == (1, 0)
    assert apply(shop, copy, made) == (0, 1)
    assert not shop.is_sold(sku)
    found = differences(shop, copy)
    assert kinds(found) == ["missing", "missing"]
    assert swap(shop, copy, found) == (2, 0)
    assert shop.is_sold(sku)
    assert differences(shop, copy) == []
    apply(shop, copy, gone)
    found = differences(shop, copy)
    assert kinds(found) == ["changed", "extra"]
    assert swap(shop, copy, found) == (1, 1)
    assert not shop.is_sold(sku)
    shop.ask("DELETE", copy, who=shop.staff, status=204)
    shop.refusal("GET", f"{copy}/differences", who=shop.staff, status=404)


def test_what_was_really_told_comes_to_the_live_prices(shop: Shop) -> None:
    """The events of the shop's own goods, as the ledger has them."""
    product = shop.get("/products?q=goods&sort=newest", shop.staff)["items"][0]["productId"]
    events = shop.until(lambda: shop.get(f"/events?subject={product}", shop.staff)["items"])
    copy = begin(shop, "prices", whole=False)
    apply(shop, copy, *(event for event in events if event["type"] in ("ProductChanged", "ProductRemoved")))
    assert differences(shop, copy) == []
    shop.ask("DELETE", copy, who=shop.staff, status=204)


def test_a_mail_is_written_once_more_and_not_sent(shop: Shop) -> None:
    order_id = new_id()
    event = OrderConfirmed(order_id=order_id, amount=990, currency="EUR", email="rebuilt@example.com")
    some = begin(shop, "mails", whole=False)
    assert apply(shop, some, told(event)) == (1, 0)
    found = differences(shop, some)
    assert kinds(found) == ["missing"]
    assert swap(shop, some, found) == (1, 0)
    assert shop.mails(order_id) == ["confirmed"]
    every = begin(shop, "mails", whole=True)
    found = [each for each in differences(shop, every) if order_id in each["pk"]]
    assert kinds(found) == ["extra"]
    assert swap(shop, every, found) == (0, 1)
    assert shop.mails(order_id) == []
    for copy in (some, every):
        shop.ask("DELETE", copy, who=shop.staff, status=204)
