"""The price changes between basket and checkout: the shopper is told, and pays nothing that they have not seen."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.running import GUEST, RunningShop, running_shop

pytestmark = pytest.mark.slow


def _find(shop: RunningShop, sku: str) -> dict[str, Any]:
    """The product, as staff would send it back."""
    (product,) = shop.items(f"/products?q={sku}")
    variants = [{"sku": each["sku"], "regularPrice": each["regularPrice"]} for each in product["variants"]]
    return {"id": product["productId"], "revision": product["revision"], "name": product["name"], "variants": variants}


def _reprice(shop: RunningShop, sku: str, price: float) -> None:
    product = _find(shop, sku)
    product_id = product.pop("id")
    shop.request("PUT", f"/products/{product_id}", product | {"variants": [{"sku": sku, "regularPrice": price}]})


def _checkout(shop: RunningShop, basket: str, wish: dict[str, Any]) -> httpx.Response:
    return shop.http.post(f"{shop.url}{basket}/checkout", json=wish)


def test_lesson_price_of_a_moment_ago(tmp_path: Path) -> None:
    with running_shop(tmp_path) as shop:
        shop.stock("tool-17", 10)
        basket = f"/baskets/{shop.request('POST', '/baskets', headers=GUEST)['basketId']}"
        before = shop.request("PUT", f"{basket}/lines/tool-17", {"quantity": 2})["lines"][0]["unitPrice"]
        _reprice(shop, "tool-17", before + 1.5)
        shop.wait_until(lambda: shop.get(basket)["lines"][0]["priceChanged"])
        (line,) = shop.get(basket)["lines"]
        assert (line["unitPrice"], line["priceBefore"]) == (before + 1.5, before)

        refused = _checkout(shop, basket, {})
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "price-changed")
        assert [error["field"] for error in refused.json()["errors"]] == ["lines.tool-17"]
        refused = _checkout(shop, basket, {"acceptPriceChanges": True, "expectedTotal": 2 * before})
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "total-changed")

        total = 2 * (before + 1.5)
        accepted = _checkout(shop, basket, {"acceptPriceChanges": True, "expectedTotal": total})
        assert (accepted.status_code, accepted.json()["total"]) == (202, total)
        shop.wait_until_settled()
        order = shop.get(f"/orders/{accepted.json()['orderId']}")
        assert (order["status"], order["amount"]) == ("CONFIRMED", total)
        assert shop.get(f"/payments/{order['orderId']}")["amount"] == total
