"""Imports from the request to the report: twice, interrupted, overtaken, in pieces."""

import base64
from typing import Any

import pytest

from cartwheel.catalog import imports
from cartwheel.catalog.events import ImportRequested, ProductChanged, StockCounted
from cartwheel.catalog.sample import sample
from cartwheel.catalog.woocommerce import Parsed, parse
from cartwheel.kernel.errors import TooLarge
from cartwheel.kernel.events import Cause
from cartwheel.kernel.unit_of_work import UnitOfWork
from tests.support.shop import Shop, http_event

from .files import DATA, SHARED, export, listed, outcomes, report, row, send, take, variation
from .stores import Interrupted, crash

TEE = (
    row(Type="variable", SKU="tee", Name="Tee", Attribute="Size", Values="S, M"),
    variation("tee", "tee-S", Regular_price=20, Stock=5),
    variation("tee", "tee-M", Regular_price=21, Sale_price=18, Stock=0),
)
MUG = row(SKU="mug", Name="Mug", Regular_price="8.50", Stock=3, Categories="Home > Kitchen")
CAP = row(SKU="cap", Name="Cap", Regular_price=15)
SHOP = export(*TEE, MUG, CAP)


def counted(shop: Shop) -> list[tuple[str, int | None]]:
    return [(event.sku, event.quantity) for event in shop.events(StockCounted)]


def variants(shop: Shop, name: str) -> dict[str, Any]:
    (product,) = [product for product in listed(shop) if product["name"] == name]
    return {variant["sku"]: variant for variant in product["variants"]}


def test_an_import_is_accepted_and_then_applied(shop: Shop) -> None:
    answer = send(shop, SHOP)
    assert answer.status == 202
    assert answer.json["rows"] == 5
    waiting = report(shop, answer.json["importId"])
    assert (waiting["status"], waiting["done"], waiting["items"]) == ("running", 0, [])
    shop.drain()
    done = report(shop, answer.json["importId"])
    assert (done["status"], done["done"]) == ("done", 5)
    assert done["counts"] == {"taken": 5, "changed": 0, "unchanged": 0, "refused": 0}
    assert [(found["line"], found["reference"]) for found in done["items"]] == [
        (2, "tee"),
        (3, "tee-S"),
        (4, "tee-M"),
        (5, "mug"),
        (6, "cap"),
    ]


def test_products_prices_and_stock_arrive(shop: Shop) -> None:
    take(shop, SHOP)
    assert {sku: (v["price"], v["regularPrice"]) for sku, v in variants(shop, "Tee").items()} == {
        "tee-S": (20.0, 20.0),
        "tee-M": (18.0, 21.0),
    }
    assert sorted(counted(shop)) == [("cap", None), ("mug", 3), ("tee-M", 0), ("tee-S", 5)]


def test_a_second_import_changes_nothing(shop: Shop) -> None:
    take(shop, SHOP)
    before, events = listed(shop), len(shop.envelopes())
    again = take(shop, SHOP)
    assert again["counts"] == {"taken": 0, "changed": 0, "unchanged": 5, "refused": 0}
    assert listed(shop) == before
    assert [found["detail-type"] for found in shop.envelopes()[events:]] == ["ImportRequested", "StaffActed"]


@pytest.mark.parametrize("data", [sample(), (DATA / "real_world.csv").read_bytes()], ids=["sample", "real world"])
def test_lesson_variations_lost_or_doubled(shop: Shop, data: bytes) -> None:
    parsed = parse(data, "EUR")
    for _ in range(2):
        found = take(shop, data.decode())
        assert found["rows"] == found["done"] == parsed.rows == len(found["items"])
        assert found["counts"]["refused"] == len(parsed.refused)
    visible = [draft for draft in parsed.drafts if draft.content.published]
    assert sorted(v["sku"] for product in listed(shop) for v in product["variants"]) == sorted(
        sku for draft in visible if draft.content.visibility == "visible" for sku in draft.content.skus
    )


@pytest.mark.skipif(not SHARED.exists(), reason="the real export is not beside this checkout")
def test_the_real_export_twice(shop: Shop) -> None:
    text = SHARED.read_text()
    assert take(shop, text)["counts"] == {"taken": 22, "changed": 0, "unchanged": 0, "refused": 2}
    events = len(shop.envelopes())
    assert take(shop, text)["counts"] == {"taken": 0, "changed": 0, "unchanged": 22, "refused": 2}
    assert [found["detail-type"] for found in shop.envelopes()[events:]] == ["ImportRequested", "StaffActed"]
    assert len(listed(shop)) == 12  # and one that is hidden


def test_only_rows_that_differ_are_changed(shop: Shop) -> None:
    take(shop, SHOP)
    text = SHOP.replace("18,21", "19,21").replace("8.50", "8.75")
    assert outcomes(take(shop, text)) == {
        "tee": "unchanged",
        "tee-S": "unchanged",
        "tee-M": "changed",
        "mug": "changed",
        "cap": "unchanged",
    }
    assert variants(shop, "Tee")["tee-M"]["price"] == 19.0


def test_variations_come_and_go(shop: Shop) -> None:
    take(shop, SHOP)
    found = outcomes(take(shop, export(TEE[0], TEE[1], variation("tee", "tee-L"))))
    assert found == {"tee": "changed", "tee-S": "unchanged", "tee-L": "taken"}
    assert shop.events(ProductChanged)[-1].withdrawn == ["tee-M"]
    assert list(variants(shop, "Tee")) == ["tee-S", "tee-L"]


def test_stock_is_told_only_when_the_file_says_something_new(shop: Shop) -> None:
    take(shop, export(MUG))
    take(shop, export(MUG | {"Name": "Big Mug"}))
    assert counted(shop) == [("mug", 3)]
    assert outcomes(take(shop, export(MUG | {"Stock": "7"}))) == {"mug": "changed"}
    assert counted(shop) == [("mug", 3), ("mug", 7)]
    assert [event.revision for event in shop.events(ProductChanged)] == [1, 2, 3]


def test_columns_that_the_file_lacks_keep_what_is_there(shop: Shop) -> None:
    take(shop, export(MUG | {"Sale price": "8", "Description": "Holds coffee"}))
    prices = export(MUG | {"Regular price": "9"}, columns=("Type", "SKU", "Name", "Regular price"))
    assert outcomes(take(shop, prices)) == {"mug": "changed"}
    (mug,) = listed(shop)
    assert (mug["price"], mug["regularPrice"], mug["categories"]) == (8.0, 9.0, ["Home > Kitchen"])
    assert shop.request("GET", f"/products/{mug['productId']}").json["description"] == "Holds coffee"
    available = ("Type", "SKU", "Name", "Regular price", "In stock?")
    take(shop, export(MUG | {"Regular price": "9"}, columns=available))
    assert counted(shop) == [("mug", 3)]
    take(shop, export(MUG | {"Regular price": "9", "In stock?": "0"}, columns=available))
    assert counted(shop) == [("mug", 3), ("mug", 0)]
    take(shop, prices.replace(",9\n", ",7\n"))
    assert (listed(shop)[0]["price"], listed(shop)[0]["salePrice"]) == (7.0, None)


def test_variations_keep_their_attributes_in_a_file_of_prices(shop: Shop) -> None:
    take(shop, SHOP)
    columns = ("Type", "SKU", "Name", "Regular price", "Parent")
    take(shop, export(TEE[0], *(variation | {"Regular price": "22"} for variation in TEE[1:]), columns=columns))
    assert {sku: (v["price"], v["attributes"]) for sku, v in variants(shop, "Tee").items()} == {
        "tee-S": (22.0, {"Size": "S"}),
        "tee-M": (18.0, {"Size": "M"}),
    }


def test_a_row_without_sku_is_known_by_its_id(shop: Shop) -> None:
    take(shop, export(row(ID=7, Name="Old")))
    found = take(shop, export(row(ID=7, Name="New")))
    assert outcomes(found) == {"id:7": "changed"}
    assert outcomes(take(shop, export(row(ID=7, SKU="now", Name="New")))) == {"now": "changed"}
    assert [[v["sku"] for v in product["variants"]] for product in listed(shop)] == [["now"]]


def test_a_product_of_the_staff_is_known_by_its_sku(shop: Shop) -> None:
    body = {"name": "Cap", "variants": [{"sku": "cap", "regularPrice": 12}]}
    product_id = shop.request("POST", "/products", json=body, token="staff").json["productId"]
    found = take(shop, export(CAP))
    assert [(line["outcome"], line["productId"]) for line in found["items"]] == [("changed", product_id)]


def test_a_sku_of_another_product_is_refused_and_the_others_are_taken(shop: Shop) -> None:
    take(shop, export(*TEE))
    found = take(
        shop, export(row(SKU="tee-S", Name="Thief"), row(Type="variable", SKU="p"), variation("p", "tee-M"), CAP)
    )
    assert outcomes(found) == {"tee-S": "refused", "p": "refused", "tee-M": "refused", "cap": "taken"}
    reasons = [line["reason"] for line in found["items"]]
    assert "its SKU belongs to a variant of product" in reasons[0]
    assert "SKU tee-M belongs to product" in reasons[1]
    assert {product["name"] for product in listed(shop)} == {"Tee", "Cap"}


def test_a_large_file_is_applied_in_pieces_and_reported_in_pages(shop: Shop) -> None:
    rows = [row(SKU=f"s{number:03}", Name=f"Thing {number:03}", Categories="A > B") for number in range(160)]
    found = take(shop, export(*rows))
    assert len(shop.events(ImportRequested)) == 7
    assert [line["line"] for line in found["items"]] == list(range(2, 162))
    assert found["counts"]["taken"] == found["done"] == 160
    (*_, child) = shop.request("GET", "/categories").json["items"]
    assert child["products"] == 160


def test_chunks_hold_the_whole_file_in_order() -> None:
    rows = [row(SKU=f"s{number}", Description="x" * 40_000) for number in range(12)]
    refused = [row(Type="grouped", SKU=f"g{number}") for number in range(1000)]
    parsed = parse(export(*rows, *refused).encode(), "EUR")
    chunks = list(imports.chunked(parsed))
    sizes = [len(chunk.model_dump_json().encode()) for chunk in chunks]
    assert max(sizes) < 300_000
    drafts = [draft.line for chunk in chunks for draft in chunk.drafts]
    assert drafts + [found.line for chunk in chunks for found in chunk.refused] == list(range(2, 1014))


def test_a_file_with_too_many_products_is_refused_before_anything_is_stored(shop: Shop) -> None:
    parsed = parse(export(CAP).encode(), "EUR")
    many = Parsed(parsed.drafts * (imports.MAX_CHUNKS * imports.MAX_PRODUCTS + 1), [], [])
    untouched = Interrupted(shop.store, 0, crash)
    with pytest.raises(TooLarge):
        imports.request(UnitOfWork(untouched, "catalog", Cause("c", "c")), many)


def test_a_file_with_no_rows_is_done_at_once(shop: Shop) -> None:
    answer = send(shop, export())
    assert (answer.status, answer.json["status"], answer.json["rows"]) == (202, "done", 0)


def test_the_same_request_twice_is_one_import(shop: Shop) -> None:
    first, second = (send(shop, SHOP, {"idempotency-key": "one"}) for _ in range(2))
    assert first.json == second.json
    assert len(shop.events(ImportRequested)) == 1


def test_a_body_that_the_gateway_encoded_is_decoded(shop: Shop) -> None:

    event = http_event("POST", "/products/import", None, "staff", {"content-type": "TEXT/CSV"}, None)
    event |= {"body": base64.b64encode(SHOP.encode()).decode(), "isBase64Encoded": True}
    assert shop.invoke("catalog-api", event)["statusCode"] == 202


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data", ""])
def test_only_csv_is_taken(shop: Shop, content_type: str) -> None:
    assert send(shop, SHOP, {"content-type": content_type}).status == 415


def test_imports_are_for_staff(shop: Shop) -> None:
    for token, status in ((None, 401), ("customer:alice", 403)):
        answer = shop.request("POST", "/products/import", body=SHOP, token=token, headers={"content-type": "text/csv"})
        assert answer.status == status
        assert shop.request("GET", "/products/import/x", token=token).status == status


@pytest.mark.parametrize("import_id", ["x", "019a1fa4-0000-7000-8000-000000000000"])
def test_an_unknown_import_is_not_found(shop: Shop, import_id: str) -> None:
    assert shop.request("GET", f"/products/import/{import_id}", token="staff").status == 404
