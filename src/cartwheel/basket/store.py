"""The keys and access patterns of the basket table.

BASKET#<id>        a basket, or for a day what became of it
CUSTOMER#<id>      which basket is a customer's own
OFFER#<sku>        what a SKU costs, as the catalog told; only what is sold has one
PRODUCT#<id>       the latest revision that is known of a product, and its SKUs
"""

from collections.abc import Iterable
from typing import Final

from cartwheel.kernel.conditions import AllOf, Equals, NotExists
from cartwheel.kernel.store import Check, Delete, Key, Put, Store

from .model import Basket, Product, SoldOffer

TABLE: Final = "basket"


def _key(kind: str, name: str) -> Key:
    return Key(f"{kind}#{name}", f"{kind}#{name}")


def find(store: Store, basket_id: str) -> Basket | None:
    item = store.get(TABLE, _key("BASKET", basket_id))
    return Basket.model_validate(item) if item else None


def save(basket: Basket) -> Put:
    """Store the next version of a basket, if none was stored since the one it was made from."""
    key = _key("BASKET", basket.basket_id)
    item = {"PK": key.pk, "SK": key.sk, **basket.model_dump(mode="json", by_alias=True, exclude_none=True)}
    return Put(TABLE, item, Equals("version", basket.version - 1) if basket.version > 1 else NotExists())


def disown(customer_id: str, basket_id: str) -> Delete:
    """Forget which basket is the customer's own."""
    return Delete(TABLE, _key("CUSTOMER", customer_id), Equals("basketId", basket_id))


def remove(basket: Basket) -> Delete:
    return Delete(TABLE, _key("BASKET", basket.basket_id), Equals("version", basket.version))


def find_own(store: Store, customer_id: str) -> str | None:
    """The id of the basket that was the customer's own last; it may be gone."""
    item = store.get(TABLE, _key("CUSTOMER", customer_id))
    return str(item["basketId"]) if item else None


def make_own(customer_id: str, basket_id: str, before: str | None) -> Put:
    key = _key("CUSTOMER", customer_id)
    item = {"PK": key.pk, "SK": key.sk, "basketId": basket_id}
    return Put(TABLE, item, Equals("basketId", before) if before else NotExists())


def find_offer(store: Store, sku: str) -> SoldOffer | None:
    item = store.get(TABLE, _key("OFFER", sku))
    return SoldOffer.model_validate(item) if item else None


def find_offers(store: Store, skus: Iterable[str]) -> dict[str, SoldOffer]:
    """What the SKUs cost, of those that are sold."""
    return {sku: offer for sku in skus if (offer := find_offer(store, sku))}


def save_offer(offer: SoldOffer) -> Put:
    key = _key("OFFER", offer.sku)
    return Put(TABLE, {"PK": key.pk, "SK": key.sk, **offer.model_dump(by_alias=True, exclude_none=True)})


def check_offer(offer: SoldOffer) -> Check:
    """It still is what it was when it was read."""
    return Check(TABLE, _key("OFFER", offer.sku), _same(offer))


def withdraw(offer: SoldOffer) -> Delete:
    return Delete(TABLE, _key("OFFER", offer.sku), _same(offer))


def _same(offer: SoldOffer) -> AllOf:
    return AllOf((Equals("productId", offer.product_id), Equals("revision", offer.revision)))


def find_product(store: Store, product_id: str) -> Product | None:
    item = store.get(TABLE, _key("PRODUCT", product_id))
    return Product.model_validate(item) if item else None


def save_product(product: Product, before: Product | None) -> Put:
    key = _key("PRODUCT", product.product_id)
    item = {"PK": key.pk, "SK": key.sk, **product.model_dump(by_alias=True)}
    return Put(TABLE, item, Equals("revision", before.revision) if before else NotExists())
