"""Products over HTTP: what staff write, what everybody reads, and what the other slices hear of it."""

from typing import Any

import pytest

from cartwheel.catalog import service, store
from cartwheel.catalog.events import ProductChanged, ProductRemoved
from cartwheel.kernel.errors import Conflict
from cartwheel.kernel.events import Cause
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.store import Query
from cartwheel.kernel.unit_of_work import run
from tests.support.shop import Answer, Shop

from .files import export, listed, row, take
from .stores import Interrupted


def mug(**changes: Any) -> dict[str, Any]:
    return {"name": "Mug", "variants": [{"sku": "mug", "regularPrice": 8.5}]} | changes


def priced(**variant: Any) -> dict[str, Any]:
    return mug(variants=[{"sku": "mug", "regularPrice": 8.5} | variant])


def create(shop: Shop, body: dict[str, Any]) -> dict[str, Any]:
    answer = shop.request("POST", "/products", json=body, token="staff")
    assert answer.status == 201, answer.body
    found: dict[str, Any] = answer.json
    return found


def change(shop: Shop, product_id: str, body: dict[str, Any]) -> Answer:
    return shop.request("PUT", f"/products/{product_id}", json=body, token="staff")


def remove(shop: Shop, product_id: str) -> Answer:
    return shop.request("DELETE", f"/products/{product_id}", token="staff")


def test_a_product_is_added_and_read(shop: Shop) -> None:
    body = mug(
        description="Holds coffee.",
        shortDescription="A mug.",
        categories=["Home>Kitchen", "Gifts"],
        pictures=["https://pictures.example/mug.jpg", "/pictures/mug.svg"],
        attributes=[{"name": "Colour", "values": ["Red", "Blue"]}],
        variants=[
            {"sku": "mug-red", "regularPrice": 8.5, "attributes": {"Colour": "Red"}},
            {"sku": "mug-blue", "regularPrice": 9, "salePrice": 7.25, "attributes": {"Colour": "Blue"}},
        ],
    )
    created = create(shop, body)
    found = shop.request("GET", f"/products/{created['productId']}")
    assert (found.status, found.json) == (200, created)
    assert (created["revision"], created["slug"], created["currency"]) == (1, "mug", "EUR")
    assert (created["price"], created["regularPrice"], created["salePrice"], created["onSale"]) == (7.25, 9, 7.25, True)
    assert created["categories"] == ["Home > Kitchen", "Gifts"]
    assert created["categorySlugs"] == ["home", "home/kitchen", "gifts"]
    assert [(v["name"], v["price"], v["onSale"]) for v in created["variants"]] == [
        ("Mug - Red", 8.5, False),
        ("Mug - Blue", 7.25, True),
    ]


def test_its_whole_state_is_announced(shop: Shop) -> None:
    found = create(shop, priced(salePrice=7, saleUntil="2026-12-01T01:00:00+01:00"))
    (event,) = shop.events(ProductChanged)
    assert (event.product_id, event.revision, event.published, event.withdrawn) == (found["productId"], 1, True, [])
    (offer,) = event.offers
    assert (offer.sku, offer.name, offer.regular, offer.sale, offer.currency) == ("mug", "Mug", 850, 700, "EUR")
    assert offer.sale_until == "2026-12-01T00:00:00.000Z"


def test_a_sale_counts_between_its_moments(shop: Shop) -> None:
    for sale, price in (
        ({"saleFrom": "2020-01-01T00:00:00Z", "saleUntil": "2020-02-01T00:00:00Z"}, 8.5),
        ({"saleFrom": "2020-01-01T00:00:00Z", "saleUntil": "2120-02-01T00:00:00Z"}, 7),
        ({"saleFrom": "2120-01-01T00:00:00Z"}, 8.5),
    ):
        found = create(shop, priced(salePrice=7, **sale))
        assert (found["price"], found["salePrice"]) == (price, 7)
        remove(shop, found["productId"])


def test_a_change_is_based_on_a_revision(shop: Shop) -> None:
    product_id = create(shop, mug())["productId"]
    changed = change(shop, product_id, mug(name="Cup", revision=1))
    assert (changed.status, changed.json["revision"], changed.json["name"]) == (200, 2, "Cup")
    stale = change(shop, product_id, mug(name="Bowl", revision=1))
    assert stale.status == 409
    assert "revision 2" in stale.json["detail"]
    assert shop.request("GET", f"/products/{product_id}").json["name"] == "Cup"


def test_a_change_that_changes_nothing_announces_nothing(shop: Shop) -> None:
    product_id = create(shop, mug())["productId"]
    assert change(shop, product_id, mug(revision=1)).json["revision"] == 1
    assert len(shop.events(ProductChanged)) == 1


def test_lesson_status_update_without_a_condition(shop: Shop) -> None:
    """Two editors who read the same revision: the second write does not go unread over the first."""
    product_id = create(shop, mug())["productId"]
    content = store.product(shop.store, product_id).content  # type: ignore[union-attr]

    def edit(items: Any, name: str) -> None:
        update = content.model_copy(update={"name": name})
        run(items, "catalog", Cause("c", "c"), lambda unit: service.replace(unit, product_id, 1, update))

    with pytest.raises(Conflict):
        edit(Interrupted(shop.store, 0, lambda: edit(shop.store, "first")), "second")
    assert shop.request("GET", f"/products/{product_id}").json["name"] == "first"


def test_withdrawn_skus_are_named_and_free_again(shop: Shop) -> None:
    product_id = create(shop, mug())["productId"]
    change(shop, product_id, mug(variants=[{"sku": "cup", "regularPrice": 8}], revision=1))
    assert shop.events(ProductChanged)[-1].withdrawn == ["mug"]
    create(shop, mug())


def test_a_sku_is_one_products(shop: Shop) -> None:
    first = create(shop, mug())
    answer = shop.request("POST", "/products", json=mug(name="Thief"), token="staff")
    assert answer.status == 409
    (error,) = answer.json["errors"]
    assert error == {"field": "body.variants.0.sku", "reason": f"mug belongs to product {first['productId']}"}
    assert [product["name"] for product in listed(shop)] == ["Mug"]


def test_a_sku_that_two_want_at_once_is_one_products(shop: Shop) -> None:
    content = store.product(shop.store, create(shop, mug())["productId"]).content  # type: ignore[union-attr]
    wanted = content.model_copy(update={"variants": [content.variants[0].model_copy(update={"sku": "both"})]})

    def add(items: Any) -> None:
        run(items, "catalog", Cause("c", "c"), lambda unit: service.create(unit, wanted))

    with pytest.raises(Conflict):
        add(Interrupted(shop.store, 0, lambda: add(shop.store)))
    assert len(listed(shop)) == 2


def test_a_removed_product_is_gone_with_its_skus(shop: Shop) -> None:
    product_id = create(shop, mug(categories=["Home > Kitchen"]))["productId"]
    assert remove(shop, product_id).status == 204
    assert shop.request("GET", f"/products/{product_id}").status == 404
    assert remove(shop, product_id).status == 404
    assert listed(shop) == []
    assert shop.request("GET", "/categories").json == {"items": [], "next": None}
    (event,) = shop.events(ProductRemoved)
    assert (event.product_id, event.revision, event.skus) == (product_id, 2, ["mug"])
    create(shop, mug())


def test_a_removed_product_leaves_nothing_behind(shop: Shop) -> None:
    take(shop, export(row(SKU="mug", Name="Mug", Categories="Home")))
    (found,) = listed(shop)
    remove(shop, found["productId"])
    shop.relay()
    for pk in (f"PRODUCT#{found['productId']}", "SKU#mug", "LISTING#ALL", "LISTING#CATEGORY#home"):
        assert shop.store.query(Query("catalog", pk)).items == []


def test_what_is_not_published_is_seen_by_staff_only(shop: Shop) -> None:
    product_id = create(shop, mug(published=False))["productId"]
    assert shop.request("GET", f"/products/{product_id}").status == 404
    assert shop.request("GET", f"/products/{product_id}", token="customer:alice").status == 404
    assert shop.request("GET", f"/products/{product_id}", token="staff").json["published"] is False
    assert listed(shop) == []


def test_the_largest_product_fits_and_can_be_replaced_in_steps(shop: Shop) -> None:
    def body(skus: str, categories: str) -> dict[str, Any]:
        return mug(
            variants=[{"sku": f"{skus}{n}", "regularPrice": 1} for n in range(50)],
            categories=[f"{categories}{n}" for n in range(20)],
            description="é" * 40_000,
        )

    product_id = create(shop, body("a", "a"))["productId"]
    refused = change(shop, product_id, body("b", "b") | {"revision": 1})
    assert refused.status == 422
    assert "in two steps" in refused.json["detail"]
    assert change(shop, product_id, body("a", "a") | {"categories": [], "revision": 1}).status == 200
    assert remove(shop, product_id).status == 204


PRODUCT_ERRORS: list[tuple[dict[str, Any], str]] = [
    (priced(regularPrice=-1), "body.variants.0.regularPrice"),
    (priced(regularPrice=1.999), "body.variants.0.regularPrice"),
    (priced(regularPrice="8.50"), "body.variants.0.regularPrice"),
    (priced(regularPrice=True), "body.variants.0.regularPrice"),
    (priced(regularPrice=None), "body.variants.0.regularPrice"),
    (priced(regularPrice=10**12), "body.variants.0.regularPrice"),
    (priced(salePrice=8.5), "body.variants.0.salePrice"),
    (priced(salePrice=1.001), "body.variants.0.salePrice"),
    (priced(salePrice=1, saleFrom="tomorrow"), "body.variants.0.saleFrom"),
    (priced(salePrice=1, saleFrom="2026-11-27"), "body.variants.0.saleFrom"),
    (priced(salePrice=1, saleFrom="0001-01-01T00:00:00+14:00"), "body.variants.0.saleFrom"),
    (
        priced(salePrice=1, saleFrom="2026-11-27T00:00:00Z", saleUntil="2026-11-26T00:00:00Z"),
        "body.variants.0.saleUntil",
    ),
    (priced(sku=""), "body.variants.0.sku"),
    (priced(sku="a/b"), "body.variants.0.sku"),
    (priced(sku=".."), "body.variants.0.sku"),
    (priced(picture="javascript:alert(1)"), "body.variants.0.picture"),
    (priced(stock=3), "body.variants.0.stock"),
    (mug(variants=[]), "body.variants"),
    (mug(variants=[{"sku": "a", "regularPrice": 1}] * 2), "body.variants"),
    (mug(variants=[{"sku": f"a{n}", "regularPrice": 1} for n in range(51)]), "body.variants"),
    (mug(name=" "), "body.name"),
    (mug(colour="red"), "body.colour"),
    (mug(published="yes"), "body.published"),
    (mug(visibility="somewhere"), "body.visibility"),
    (mug(categories=["Home > "]), "body.categories.0"),
    (mug(categories=[f"a{n} > b" for n in range(11)]), "body.categories"),
    (mug(description="x" * 50_001), "body.description"),
    (mug(pictures=["/" + "x" * 999] * 50, description="é" * 50_000), "body"),
]


@pytest.mark.parametrize(("body", "field"), PRODUCT_ERRORS, ids=[field for _, field in PRODUCT_ERRORS])
def test_what_is_wrong_is_named(shop: Shop, body: dict[str, Any], field: str) -> None:
    answer = shop.request("POST", "/products", json=body, token="staff")
    assert (answer.status, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert [error["field"] for error in answer.json["errors"]] == [field]


def test_the_digits_are_those_of_the_shops_currency(shop: Shop) -> None:
    answer = shop.request("POST", "/products", json=priced(regularPrice=0.001), token="staff")
    assert "EUR has 2 digits" in answer.json["errors"][0]["reason"]


@pytest.mark.parametrize("product_id", ["import", "x", "%00", new_id(), new_id().upper()], ids=lambda _: "id")
def test_unknown_products_are_not_found(shop: Shop, product_id: str) -> None:
    assert shop.request("GET", f"/products/{product_id}").status == 404
    assert change(shop, product_id, mug(revision=1)).status == 404
    assert remove(shop, product_id).status == 404


def test_lesson_catalog_writes_open(shop: Shop) -> None:
    product_id = create(shop, mug())["productId"]
    for token, status in ((None, 401), ("customer:alice", 403)):
        assert shop.request("POST", "/products", json=mug(), token=token).status == status
        assert shop.request("PUT", f"/products/{product_id}", json=mug(revision=1), token=token).status == status
        assert shop.request("DELETE", f"/products/{product_id}", token=token).status == status


def test_the_same_request_twice_is_one_product(shop: Shop) -> None:
    answers = [
        shop.request("POST", "/products", json=mug(), token="staff", headers={"idempotency-key": "k"}) for _ in range(2)
    ]
    assert answers[0].json == answers[1].json
    assert len(listed(shop)) == 1
