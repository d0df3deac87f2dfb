"""Products: made by staff, read by everybody, imported from files."""

from typing import Any

import pytest

from .shop import Shop

pytestmark = pytest.mark.slow

HEADER = "SKU,Type,Name,Regular price,Published,Stock,Categories"


def test_a_product_is_made_read_listed_changed_and_removed(shop: Shop) -> None:
    sku, slug = shop.sku("lamp"), f"lamps-{shop.mark}"
    lamp = {"name": "Lamp", "categories": [slug], "variants": [{"sku": sku, "regularPrice": 20.5}]}
    made = shop.ask("POST", "/products", lamp, shop.staff, 201).json()
    path = f"/products/{made['productId']}"
    assert shop.get(path)["name"] == "Lamp"
    assert _listed(shop, slug) == ["Lamp"]
    for sort in ("price", "newest"):
        assert shop.get(f"/products?sort={sort}&category={slug}")["items"][0]["name"] == "Lamp"
    assert slug in [category["slug"] for category in _all(shop, "/categories")]
    shop.until(lambda: shop.is_sold(sku))

    changed = {**lamp, "name": "Better lamp", "revision": made["revision"]}
    assert shop.ask("PUT", path, changed, shop.staff).json()["revision"] == 2
    assert _listed(shop, slug) == ["Better lamp"]
    shop.refusal("PUT", path, changed | {"name": "Worse lamp"}, shop.staff, status=409)

    shop.ask("DELETE", path, who=shop.staff, status=204)
    shop.refusal("GET", path, status=404)
    shop.until(lambda: _listed(shop, slug) == [])
    shop.until(lambda: not shop.is_sold(sku))


def _all(shop: Shop, path: str) -> list[Any]:
    items, cursor = [], ""
    while True:
        page = shop.get(f"{path}?limit=100{cursor}")
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = f"&cursor={page['next']}"


def _listed(shop: Shop, slug: str) -> list[str]:
    return [product["name"] for product in shop.get(f"/products?category={slug}")["items"]]


def _import(shop: Shop, *rows: str) -> dict[str, int]:
    """How many rows had which outcome."""
    content = "\n".join([HEADER, *rows]).encode()
    headers = shop.staff | {"Content-Type": "text/csv"}
    accepted = shop.ask("POST", "/products/import", who=headers, status=202, content=content).json()
    path = f"/products/import/{accepted['importId']}"

    def done() -> Any:
        report = shop.get(path, shop.staff)
        return report if report["status"] == "done" else None

    report = shop.until(done)
    return {outcome: count for outcome, count in report["counts"].items() if count}


def test_a_file_is_imported_and_imported_again(shop: Shop) -> None:
    one, two, group = shop.sku("csv-one"), shop.sku("csv-two"), f"Csv {shop.mark}"
    first = [
        f"{one},simple,One,3,1,5,{group}",
        f"{two},simple,Two,4,1,6,{group}",
        "bad,teapot,Bad,1,1,,",
    ]
    assert _import(shop, *first) == {"taken": 2, "refused": 1}
    slug = f"csv-{shop.mark}"
    assert _listed(shop, slug) == ["One", "Two"]
    shop.until(lambda: shop.is_sold(two))
    shop.until(lambda: _stock(shop, two) == 6)
    assert _import(shop, *first) == {"unchanged": 2, "refused": 1}
    moved = [f"{one},simple,One,3,1,5,Other {shop.mark}", f"{two},simple,Two,4,1,9,{group}"]
    assert _import(shop, *moved) == {"changed": 2}
    assert (_listed(shop, slug), _listed(shop, f"other-{shop.mark}")) == (["Two"], ["One"])
    shop.until(lambda: _stock(shop, two) == 9)


def _stock(shop: Shop, sku: str) -> int:
    answer = shop.host.http.get(f"/stock/{sku}", headers=shop.staff)
    return int(answer.json()["available"]) if answer.status_code == 200 else -1


def test_stock_is_counted_adjusted_and_listed(shop: Shop) -> None:
    sku = shop.sku("counted")
    shop.count(sku, 10)
    shop.ask("POST", f"/stock/{sku}/adjust", {"by": -3, "reason": "broken"}, shop.staff)
    shop.refusal("POST", f"/stock/{sku}/adjust", {"by": -8, "reason": "broken"}, shop.staff, status=409)
    assert shop.stock(sku) == (7, 0)
    assert shop.get(f"/availability/{sku}")["available"] == "in_stock"
    assert shop.get("/stock?limit=1", shop.staff)["next"]
