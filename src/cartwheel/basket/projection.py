"""What the catalog sells, as baskets need to know it: one offer per SKU."""

from collections.abc import Iterable

from cartwheel.catalog.events import Offer
from cartwheel.kernel.unit_of_work import UnitOfWork

from . import store
from .model import Product, SoldOffer


def project(unit: UnitOfWork, product_id: str, revision: int, offers: Iterable[Offer]) -> None:
    """All that a product offers from this revision on; an older revision that comes late changes nothing.

    The revision stays known when the product is gone, so that nothing late can bring back what was withdrawn.
    """
    known = store.find_product(unit.store, product_id)
    if known and known.revision >= revision:
        return
    sold = {offer.sku: offer for offer in offers}
    unit.write(store.save_product(Product(product_id=product_id, revision=revision, skus=list(sold)), known))
    for offer in sold.values():
        unit.write(store.save_offer(SoldOffer(**offer.model_dump(), product_id=product_id, revision=revision)))
    if known:
        _withdraw(unit, product_id, set(known.skus) - set(sold))


def _withdraw(unit: UnitOfWork, product_id: str, skus: Iterable[str]) -> None:
    for offer in store.find_offers(unit.store, skus).values():
        if offer.product_id == product_id:  # else the SKU has moved on to another product
            unit.write(store.withdraw(offer))
