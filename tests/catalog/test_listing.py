"""Lists: order, search, categories, and pages that neither repeat nor miss while the shop changes."""

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cartwheel.catalog import service
from cartwheel.catalog.listing import Sort
from cartwheel.catalog.model import Content, Variant
from cartwheel.kernel.events import Cause
from cartwheel.kernel.unit_of_work import UnitOfWork
from tests.support.shop import Shop

from .files import export, listed, row, take
from .test_products import create, mug


def add(shop: Shop, name: str, price: float = 10, **more: Any) -> str:
    body = {"name": name, "variants": [{"sku": name.replace(" ", "-"), "regularPrice": price}]} | more
    return str(create(shop, body)["productId"])


def names(shop: Shop, query: str) -> list[str]:
    return [product["name"] for product in listed(shop, query)]


def walk(shop: Shop, query: str) -> list[str]:
    """Every name, page by page."""
    found: list[str] = []
    cursor = ""
    while True:
        answer = shop.request("GET", f"/products?{query}&cursor={cursor}")
        assert answer.status == 200, answer.body
        found += [product["name"] for product in answer.json["items"]]
        if answer.json["next"] is None:
            return found
        cursor = answer.json["next"]


def test_orders(shop: Shop) -> None:
    for name, price in (("Hoodie", 45), ("hoodie with pocket", 9.99), ("Émile", 10), ("Zebra", 100)):
        add(shop, name, price)
    by_name = ["Émile", "Hoodie", "hoodie with pocket", "Zebra"]
    assert names(shop, "limit=10") == by_name
    assert names(shop, "sort=name") == by_name
    assert names(shop, "sort=price") == ["hoodie with pocket", "Émile", "Hoodie", "Zebra"]
    assert names(shop, "sort=-price") == ["Zebra", "Hoodie", "Émile", "hoodie with pocket"]
    assert names(shop, "sort=newest") == ["Zebra", "Émile", "hoodie with pocket", "Hoodie"]


def test_the_order_by_price_is_that_of_the_lowest_price(shop: Shop) -> None:
    add(shop, "plain", 20)
    add(shop, "sale", variants=[{"sku": "s", "regularPrice": 30}, {"sku": "t", "regularPrice": 40, "salePrice": 15}])
    assert [(p["name"], p["price"], p["regularPrice"]) for p in listed(shop, "sort=price")] == [
        ("sale", 15, 40),
        ("plain", 20, 20),
    ]


@pytest.mark.parametrize("sort", ["name", "price", "-price", "newest"])
def test_pages_hold_everything_once(shop: Shop, sort: str) -> None:
    everything = [f"p{number}" for number in range(7)]
    for name in everything:
        add(shop, name, price=len(name))
    for limit in (1, 2, 3, 7, 8):
        assert sorted(walk(shop, f"sort={sort}&limit={limit}")) == everything


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("hoodie", ["Red Hoodie"]),
        ("HOOD%20re", ["Red Hoodie"]),
        ("cc-123", ["Red Hoodie"]),
        ("123", ["Red Hoodie"]),
        ("t-shirt", ["T-Shirt"]),
        ("shirt", ["T-Shirt"]),
        ("cafe", ["Café"]),
        ("CAFÉ", ["Café"]),
        ("woven", ["T-Shirt"]),
        ("strong", []),
        ("oodie", []),
        ("red%20shirt", []),
        ("", ["Café", "Red Hoodie", "T-Shirt"]),
    ],
)
def test_search(shop: Shop, query: str, found: list[str]) -> None:
    add(shop, "Red Hoodie", variants=[{"sku": "CC-123", "regularPrice": 1}])
    add(shop, "T-Shirt", description="<strong>Woven</strong> well")
    add(shop, "Café")
    assert names(shop, f"q={query.replace('%20', ' ')}") == found


def test_a_filtered_page_is_filled(shop: Shop) -> None:
    for number in range(30):
        add(shop, f"thing {number:02} {'rare' if number in (3, 17, 29) else 'usual'}")
    assert len(listed(shop, "q=rare&limit=2")) == 2
    assert walk(shop, "q=rare&limit=2") == ["thing 03 rare", "thing 17 rare", "thing 29 rare"]


def test_a_filtered_page_is_never_longer_than_its_limit(shop: Shop) -> None:
    for name in ("a rare", "b usual", "c rare", "d rare"):
        add(shop, name)
    assert names(shop, "q=rare&limit=2") == ["a rare", "c rare"]
    assert walk(shop, "q=rare&limit=2") == ["a rare", "c rare", "d rare"]


def test_an_empty_page_does_not_end_the_list(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_READS", 2)
    for number in range(6):
        add(shop, f"thing {number} {'rare' if number == 5 else 'usual'}")
    first = shop.request("GET", "/products?q=rare&limit=1").json
    assert first["items"] == []
    assert first["next"]
    assert walk(shop, "q=rare&limit=1") == ["thing 5 rare"]


def test_visibility(shop: Shop) -> None:
    for visibility in ("visible", "catalog", "search", "hidden"):
        add(shop, f"thing {visibility}", visibility=visibility, categories=["A"])
    assert names(shop, "limit=10") == ["thing catalog", "thing visible"]
    assert names(shop, "category=a") == ["thing catalog", "thing visible"]
    assert names(shop, "q=thing") == ["thing search", "thing visible"]
    assert shop.request("GET", "/categories").json["items"][0]["products"] == 2


def test_categories(shop: Shop) -> None:
    add(shop, "tee", categories=["Clothing > T-Shirts", "Gifts"])
    add(shop, "hoodie", categories=["Clothing > Hoodies"])
    hidden = add(shop, "secret", categories=["Secrets"], published=False)
    answer = shop.request("GET", "/categories").json
    assert answer == {
        "items": [
            {"slug": "clothing", "name": "Clothing", "parent": None, "products": 2},
            {"slug": "clothing/hoodies", "name": "Hoodies", "parent": "clothing", "products": 1},
            {"slug": "clothing/t-shirts", "name": "T-Shirts", "parent": "clothing", "products": 1},
            {"slug": "gifts", "name": "Gifts", "parent": None, "products": 1},
        ],
        "next": None,
    }
    assert names(shop, "category=clothing") == ["hoodie", "tee"]
    assert names(shop, "category=clothing/t-shirts") == ["tee"]
    assert names(shop, "category=nothing") == []
    body = {
        "name": "secret",
        "variants": [{"sku": "secret", "regularPrice": 1}],
        "categories": ["Gifts"],
        "revision": 1,
    }
    assert shop.request("PUT", f"/products/{hidden}", json=body, token="staff").status == 200
    assert shop.request("GET", "/categories").json["items"][-1]["products"] == 2
    assert names(shop, "category=gifts") == ["secret", "tee"]


def test_a_change_within_a_category_does_not_count_again(shop: Shop) -> None:
    product_id = add(shop, "tee", categories=["Clothing"])
    for revision in (1, 2):
        body = {"name": f"tee {revision}", "variants": [{"sku": "tee", "regularPrice": 1}], "categories": ["Clothing"]}
        answer = shop.request("PUT", f"/products/{product_id}", json=body | {"revision": revision}, token="staff")
        assert answer.status == 200
    assert [item["products"] for item in shop.request("GET", "/categories").json["items"]] == [1]


def test_equal_names_in_two_places_are_two_categories(shop: Shop) -> None:
    add(shop, "a", categories=["Men > Shoes"])
    add(shop, "b", categories=["Women > Shoes"])
    assert names(shop, "category=men/shoes") == ["a"]


def test_categories_come_in_pages(shop: Shop) -> None:
    add(shop, "a", categories=[f"c{number}" for number in range(5)])
    first = shop.request("GET", "/categories?limit=3").json
    second = shop.request("GET", f"/categories?limit=3&cursor={first['next']}").json
    assert [item["slug"] for item in first["items"] + second["items"]] == ["c0", "c1", "c2", "c3", "c4"]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "query.limit"),
        ("limit=101", "query.limit"),
        ("limit=x", "query.limit"),
        ("sort=colour", "query.sort"),
        ("cursor=nonsense", "query.cursor"),
        (f"q={'x' * 201}", "query.q"),
    ],
)
def test_wrong_queries_are_named(shop: Shop, query: str, field: str) -> None:
    answer = shop.request("GET", f"/products?{query}")
    assert answer.status == 422
    assert answer.json["errors"][0]["field"] == field


def test_a_cursor_of_another_list_is_refused(shop: Shop) -> None:
    for name in ("a", "b"):
        add(shop, name)
    cursor = shop.request("GET", "/products?limit=1").json["next"]
    assert shop.request("GET", f"/products?sort=price&limit=1&cursor={cursor}").status == 422


def test_a_list_shows_what_can_be_bought_without_the_long_text(shop: Shop) -> None:
    create(shop, mug(description="long", pictures=["/a.svg", "/b.svg"]))
    (found,) = listed(shop)
    assert (found["picture"], found["variants"][0]["sku"]) == ("/a.svg", "mug")
    assert "description" not in found


def test_an_import_fills_the_lists(shop: Shop) -> None:
    take(shop, export(row(SKU="a", Name="A", Categories="X > Y"), row(SKU="b", Name="B", Published=0, Categories="X")))
    assert names(shop, "category=x") == ["A"]


STEPS = st.lists(st.tuples(st.sampled_from(["add", "remove"]), st.integers(0, 99)), max_size=4)


@settings(max_examples=25, deadline=None)
@given(
    st.sets(st.integers(0, 99), max_size=8),
    st.sets(st.integers(0, 99), max_size=8),
    st.lists(STEPS, min_size=1, max_size=8),
    st.sampled_from(["name", "price", "-price", "newest"]),
    st.integers(1, 4),
    st.booleans(),
)
def test_lesson_lists_that_repeat_and_miss_items(
    stay: set[int], go: set[int], meanwhile: list[list[tuple[str, int]]], sort: Sort, limit: int, searched: bool
) -> None:
    """Between two pages products come and go; those that stay are each seen once."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        present = {number: _store(shop, number) for number in sorted(stay | go)}
        seen: list[str] = []
        cursor: str | None = None
        for steps in [*meanwhile, *([] for _ in range(100))]:
            page, cursor = service.browse(shop.store, "thing" if searched else None, None, sort, limit, cursor)
            seen += [product.product_id for product in page]
            if cursor is None:
                break
            for step, number in steps:
                if step == "add" and number not in present:
                    present[number] = _store(shop, number)
                elif step == "remove" and number in present and number not in stay:
                    _commit(shop, partial(service.remove, product_id=present.pop(number)))
        shop.close()
    assert len(seen) == len(set(seen))
    assert {present[number] for number in stay} <= set(seen)


def _store(shop: Shop, number: int) -> str:
    variant = Variant(sku=f"s{number}", regular=number)
    content = Content(name=f"Thing {number:02}", currency="EUR", variants=[variant])
    return str(_commit(shop, lambda unit: service.create(unit, content)).product_id)


def _commit(shop: Shop, work: Any) -> Any:
    unit = UnitOfWork(shop.store, "catalog", Cause("c", "c"))
    result = work(unit)
    unit.commit()
    return result
