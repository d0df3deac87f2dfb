"""Short forms: a catalog that sells things, and shoppers who fill baskets."""

import itertools
from typing import Any

from cartwheel.catalog.events import Offer, ProductChanged, ProductRemoved
from cartwheel.kernel.events import Cause, Envelope, Event
from cartwheel.kernel.ids import new_id
from tests.support.shop import Answer, Shop

_revisions = itertools.count(1)


def offer(sku: str, price: int, **more: Any) -> Offer:
    return Offer(sku=sku, name=sku.title(), regular=price, currency=more.pop("currency", "EUR"), **more)


def deliver(shop: Shop, event: Event) -> None:
    shop.deliver("basket-events", Envelope.of(event, Cause(new_id(), new_id())).to_dict())


def offers(shop: Shop, product_id: str, revision: int, *offers: Offer, published: bool = True) -> None:
    """A product offers this from the revision on."""
    changed = ProductChanged(
        product_id=product_id, revision=revision, name=product_id, published=published, offers=list(offers)
    )
    deliver(shop, changed)


def sell(shop: Shop, **prices: int) -> None:
    """Each SKU, a product of its own, costs so many cents from now on."""
    for sku, price in prices.items():
        offers(shop, sku, next(_revisions), offer(sku, price))


def withdraw(shop: Shop, sku: str) -> None:
    deliver(shop, ProductRemoved(product_id=sku, revision=next(_revisions), skus=[sku]))


def basket(shop: Shop, token: str | None = None, **quantities: int) -> str:
    """The id of a basket with so many pieces of each SKU."""
    basket_id: str = shop.request("POST", "/baskets", token=token).json["basketId"]
    for sku, quantity in quantities.items():
        assert put(shop, basket_id, sku, quantity, token).status == 200
    return basket_id


def put(shop: Shop, basket_id: str, sku: str, quantity: Any, token: str | None = None) -> Answer:
    return shop.request("PUT", f"/baskets/{basket_id}/lines/{sku}", {"quantity": quantity}, token=token)


def read(shop: Shop, basket_id: str, token: str | None = None) -> Answer:
    return shop.request("GET", f"/baskets/{basket_id}", token=token)


def check_out(shop: Shop, basket_id: str, token: str | None = None, key: str | None = None, **body: Any) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    return shop.request("POST", f"/baskets/{basket_id}/checkout", body, token=token, headers=headers)


def quantities(answer: Answer) -> dict[str, int]:
    return {line["sku"]: line["quantity"] for line in answer.json["lines"]}
