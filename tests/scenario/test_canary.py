"""The shop buys of itself: measured, undone, and no business; when it cannot, the alarm rings until it is mended."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from cartwheel.kernel.ids import is_synthetic
from tests.support.canary import BROKEN, PERIOD
from tests.support.running import GUEST, RunningShop, running_shop

pytestmark = pytest.mark.slow

ALARM: Final = "canary-failing"
SKU: Final = "seed-1"
FIGURES: Final = re.compile("cartwheel_(orders|payments|revenue|refunds|baskets|stock|mails|canary_suc)")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[RunningShop]:
    shop = RunningShop(tmp_path / "shop", {"canary_sku": SKU}, ("--empty",), module="tests.support.canary")
    shop.start()
    try:
        product = {"name": "Seed", "variants": [{"sku": SKU, "regularPrice": 9.99}]}
        shop.request("POST", "/products", product)
        shop.stock(SKU, 5)
        yield shop
    finally:
        shop.close()


def standing(shop: RunningShop) -> dict[str, Any]:
    (found,) = [each for each in shop.get("/alarms.json")["items"] if each["name"] == ALARM]
    return dict(found)


def is_in(shop: RunningShop, state: str) -> None:
    shop.wait_until(lambda: standing(shop)["state"] == state, 12 * PERIOD, lambda: standing(shop))


def figures(shop: RunningShop) -> dict[str, float]:
    """The totals of business and canary."""
    text = shop.http.get(f"{shop.url}/metrics").text
    lines = [line.rpartition(" ") for line in text.splitlines() if FIGURES.match(line)]
    return {name.removeprefix("cartwheel_"): float(value) for name, _, value in lines}


def test_it_buys_and_rings_when_it_cannot_and_recovers(shop: RunningShop) -> None:
    is_in(shop, "OK")
    first = figures(shop)
    assert first.pop("canary_successes_total") >= 1
    assert first == {}
    assert {order["reason"] for order in cancelled(shop)} == {"cancelled_by_shop"}

    (shop.folder / BROKEN).touch()
    is_in(shop, "ALARM")
    assert "the order was cancelled: payment_declined" in {line.get("reason") for line in shop.logged()}

    (shop.folder / BROKEN).unlink()
    is_in(shop, "OK")
    order = shop.request("POST", "/orders", {"amount": 5, "currency": "EUR"}, GUEST)["orderId"]
    assert not is_synthetic(order)
    shop.wait_until(lambda: 'orders_total{state="confirmed"}' in figures(shop), state=lambda: figures(shop))
    last = figures(shop)
    assert last.pop("canary_successes_total") >= 2
    assert last == {
        'orders_total{state="placed"}': 1,
        'orders_total{state="confirmed"}': 1,
        'payments_total{outcome="authorised"}': 1,
    }
    shop.wait_until(lambda: left(shop) == (5, 0), state=lambda: left(shop))
    assert shop.dead() == 0


def cancelled(shop: RunningShop) -> list[dict[str, Any]]:
    return [event["detail"]["data"] for event in shop.events("OrderCancelled")]


def left(shop: RunningShop) -> tuple[int, int]:
    found = shop.get(f"/stock/{SKU}")
    return found["available"], found["reserved"]


def test_who_has_not_switched_it_on_has_none_of_it(tmp_path: Path) -> None:
    with running_shop(tmp_path / "shop", "--empty") as shop:
        assert ALARM not in {each["name"] for each in shop.get("/alarms.json")["items"]}
        assert "anary" not in str(shop.get("/dashboard.json"))
