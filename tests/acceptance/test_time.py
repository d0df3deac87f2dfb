"""Orders that wait too long."""

import pytest

from .hosts import SHORT_DEADLINES
from .shop import Shop
from .sown import Sown

pytestmark = [pytest.mark.slow, pytest.mark.ripe, pytest.mark.needs(SHORT_DEADLINES)]


def test_a_reservation_that_nobody_pays_for_expires(shop: Shop, sown: Sown) -> None:
    order = shop.becomes(sown.unpaid, "CANCELLED", seconds=90, run="inventory-expiry")
    assert order["reason"] == "stock_expired"
    shop.until(lambda: shop.stock(shop.sku("unpaid")) == (10, 0))


def test_an_order_that_is_never_sent_is_cancelled(shop: Shop, sown: Sown) -> None:
    order = shop.becomes(sown.unsent, "CANCELLED", seconds=120, run="ordering-deadlines")
    assert order["reason"] == "fulfilment_timeout"
    shop.until(lambda: shop.payment(sown.unsent) == "VOIDED")
