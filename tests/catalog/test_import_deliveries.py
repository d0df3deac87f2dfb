"""Deliveries of an import that are interrupted, repeated, late, or overtaken by others."""

from typing import Any

import pytest

from cartwheel.catalog.consumers import inbox
from cartwheel.catalog.events import ProductChanged
from cartwheel.kernel.events import Envelope
from tests.support.shop import Shop

from .files import export, listed, report, send, take
from .stores import Crash, Interrupted, crash
from .test_imports import CAP, MUG, SHOP, counted


def request(shop: Shop, text: str) -> dict[str, Any]:
    """Ask for an import of one chunk that is not applied yet: the envelope that waits."""
    assert send(shop, text).status == 202
    (*_, envelope) = [found for found in shop.envelopes() if found["detail-type"] == "ImportRequested"]
    with shop.engine.group():
        shop.engine.queues.receive("catalog-import", 10)
    return envelope


def staff_price(shop: Shop, price: int, **more: str) -> None:
    """Staff change the one product there is."""
    (found,) = listed(shop)
    body = {"name": "Cap", "revision": found["revision"], "variants": [{"sku": "cap", "regularPrice": price}]} | more
    assert shop.request("PUT", f"/products/{found['productId']}", json=body, token="staff").status == 200


@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_lesson_a_crash_in_the_middle_changes_no_outcome(shop: Shop, at: int) -> None:
    envelope = request(shop, SHOP)
    with pytest.raises(Crash):
        inbox.deliver(Interrupted(shop.store, at, crash), Envelope.parse(envelope))
    assert inbox.deliver(shop.store, Envelope.parse(envelope))
    found = report(shop, envelope["detail"]["data"]["importId"])
    assert found["counts"] == {"taken": 5, "changed": 0, "unchanged": 0, "refused": 0}
    assert sorted(counted(shop)) == [("cap", None), ("mug", 3), ("tee-M", 0), ("tee-S", 5)]
    assert len(shop.events(ProductChanged)) == 3


@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_two_deliveries_at_once_are_one(shop: Shop, at: int) -> None:
    envelope = request(shop, SHOP)
    overtaken = Interrupted(shop.store, at, lambda: shop.deliver("catalog-import", envelope))
    assert not inbox.deliver(overtaken, Envelope.parse(envelope))
    found = report(shop, envelope["detail"]["data"]["importId"])
    assert (found["done"], found["counts"]["taken"]) == (5, 5)
    assert len(shop.events(ProductChanged)) == 3
    assert len(counted(shop)) == 4


def test_a_second_delivery_does_not_undo_what_staff_changed_since(shop: Shop) -> None:
    envelope = request(shop, export(CAP))
    shop.deliver("catalog-import", envelope)
    staff_price(shop, 99)
    shop.deliver("catalog-import", envelope)
    assert listed(shop)[0]["price"] == 99.0


def test_nor_what_staff_changed_in_a_product_that_the_import_left_as_it_was(shop: Shop) -> None:
    take(shop, export(CAP))
    envelope = request(shop, export(CAP))
    shop.deliver("catalog-import", envelope)
    staff_price(shop, 99)
    shop.deliver("catalog-import", envelope)
    assert listed(shop)[0]["price"] == 99.0


def test_of_two_imports_at_once_the_later_one_counts(shop: Shop) -> None:
    take(shop, export(MUG))
    early, late = (request(shop, export(MUG | {"Stock": stock})) for stock in ("7", "9"))
    overtaken = Interrupted(shop.store, 0, lambda: shop.deliver("catalog-import", late))
    assert inbox.deliver(overtaken, Envelope.parse(early))
    assert counted(shop) == [("mug", 3), ("mug", 9)]


def test_stock_alone_is_told_of_the_product_as_it_is(shop: Shop) -> None:
    take(shop, export(CAP))
    envelope = request(shop, export(CAP | {"Stock": "4"}))
    assert inbox.deliver(Interrupted(shop.store, 0, lambda: staff_price(shop, 99)), Envelope.parse(envelope))
    assert (listed(shop)[0]["price"], listed(shop)[0]["revision"]) == (15.0, 3)


def test_lesson_a_late_event_overwrites_a_later_state(shop: Shop) -> None:
    take(shop, export(CAP))
    early = request(shop, export(CAP | {"Regular price": "16"}))
    late = request(shop, export(CAP | {"Regular price": "17"}))
    shop.deliver("catalog-import", late)
    shop.deliver("catalog-import", early)
    found = report(shop, early["detail"]["data"]["importId"])
    assert [(line["outcome"], line["reason"]) for line in found["items"]] == [
        ("unchanged", "a later import changed it already")
    ]
    assert listed(shop)[0]["price"] == 17.0


def test_staff_who_were_faster_are_not_overwritten_unread(shop: Shop) -> None:
    take(shop, export(CAP))
    columns = ("Type", "SKU", "Name", "Regular price")
    envelope = request(shop, export(CAP | {"Regular price": "16"}, columns=columns))
    staff = Interrupted(shop.store, 0, lambda: staff_price(shop, 99, description="Staff's"))
    assert inbox.deliver(staff, Envelope.parse(envelope))
    found = shop.request("GET", f"/products/{listed(shop)[0]['productId']}").json
    assert (found["price"], found["description"], found["revision"]) == (16.0, "Staff's", 3)


def test_stock_of_a_product_that_is_removed_meanwhile_makes_it_new(shop: Shop) -> None:
    take(shop, export(MUG))
    (mug,) = listed(shop)
    envelope = request(shop, export(MUG | {"Stock": "9"}))

    def staff() -> None:
        assert shop.request("DELETE", f"/products/{mug['productId']}", token="staff").status == 204

    assert inbox.deliver(Interrupted(shop.store, 0, staff), Envelope.parse(envelope))
    (again,) = listed(shop)
    assert again["productId"] != mug["productId"]
    assert counted(shop) == [("mug", 3), ("mug", 9)]
