"""What baskets know of the catalog, however late and in whatever order its events come."""

import pytest

from cartwheel.basket import store
from cartwheel.basket.projection import project
from cartwheel.catalog.events import ProductRemoved
from cartwheel.kernel.events import Cause
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.store import Store
from cartwheel.kernel.unit_of_work import run
from tests.basket.goods import deliver, offer, offers
from tests.support.rival import rival
from tests.support.shop import Shop


def price(shop: Shop, sku: str) -> int | None:
    found = store.find_offer(shop.store, sku)
    return found.regular if found else None


def test_lesson_a_late_event_overwrites_a_later_price(shop: Shop) -> None:
    offers(shop, "p", 2, offer("tea", 300))
    offers(shop, "p", 1, offer("tea", 250), offer("cup", 900))
    assert (price(shop, "tea"), price(shop, "cup")) == (300, None)


def test_two_revisions_that_come_at_once_end_with_the_later(shop: Shop) -> None:
    def two(store: Store) -> None:
        run(store, "basket", Cause(new_id(), new_id()), lambda unit: project(unit, "p", 2, [offer("tea", 300)]))

    with rival(shop, two):
        offers(shop, "p", 1, offer("tea", 250))
    assert price(shop, "tea") == 300


def test_a_sku_that_a_product_no_longer_has_is_withdrawn(shop: Shop) -> None:
    offers(shop, "p", 1, offer("tea", 250), offer("cup", 900))
    offers(shop, "p", 2, offer("cup", 950))
    assert (price(shop, "tea"), price(shop, "cup")) == (None, 950)


def test_a_sku_is_withdrawn_even_if_the_event_that_said_so_was_overtaken(shop: Shop) -> None:
    offers(shop, "p", 1, offer("tea", 250), offer("cup", 900))
    offers(shop, "p", 3, offer("pot", 2000))
    offers(shop, "p", 2, offer("cup", 900))
    assert [price(shop, sku) for sku in ("tea", "cup", "pot")] == [None, None, 2000]


@pytest.mark.parametrize("revision", [1, 2])
def test_a_removed_product_does_not_come_back_with_a_late_event(shop: Shop, revision: int) -> None:
    offers(shop, "p", 1, offer("tea", 250))
    deliver(shop, ProductRemoved(product_id="p", revision=3, skus=["tea"]))
    offers(shop, "p", revision, offer("tea", 250))
    assert price(shop, "tea") is None


def test_a_removal_that_comes_first_is_remembered(shop: Shop) -> None:
    deliver(shop, ProductRemoved(product_id="p", revision=2, skus=["tea"]))
    offers(shop, "p", 1, offer("tea", 250))
    assert price(shop, "tea") is None


def test_an_unpublished_product_is_not_sold(shop: Shop) -> None:
    offers(shop, "p", 1, offer("tea", 250))
    offers(shop, "p", 2, offer("tea", 250), published=False)
    assert price(shop, "tea") is None
    offers(shop, "p", 3, offer("tea", 240))
    assert price(shop, "tea") == 240


@pytest.mark.parametrize("new_product_first", [True, False])
def test_a_sku_that_moves_to_another_product_stays_sold(shop: Shop, new_product_first: bool) -> None:
    offers(shop, "old", 1, offer("tea", 250))
    if new_product_first:
        offers(shop, "new", 1, offer("tea", 275))
    deliver(shop, ProductRemoved(product_id="old", revision=2, skus=["tea"]))
    if not new_product_first:
        offers(shop, "new", 1, offer("tea", 275))
    assert price(shop, "tea") == 275


def test_a_product_of_fifty_variants_can_be_replaced(shop: Shop) -> None:
    """The greatest change the catalog makes in one step: it has to fit into one transaction here, too."""
    offers(shop, "p", 1, *(offer(f"old{number}", 100) for number in range(50)))
    offers(
        shop,
        "p",
        2,
        *(offer(f"old{number}", 100) for number in range(2)),
        *(offer(f"new{number}", 1) for number in range(47)),
    )
    assert (price(shop, "old1"), price(shop, "old2"), price(shop, "new46")) == (100, None, 1)
