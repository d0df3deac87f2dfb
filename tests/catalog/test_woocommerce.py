"""The parser: what of an export is taken, and what is said about every other row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartwheel.catalog.draft import Draft
from cartwheel.catalog.sample import sample
from cartwheel.catalog.woocommerce import Parsed, parse

from .files import DATA, SHARED, export, row, variation


def drafts(parsed: Parsed) -> dict[str, Draft]:
    return {draft.content.name: draft for draft in parsed.drafts}


def reasons(parsed: Parsed) -> dict[str, str]:
    return {found.reference: found.reason or "" for found in parsed.refused}


def lines(parsed: Parsed) -> list[int]:
    return sorted([line.line for draft in parsed.drafts for line in draft.rows] + [r.line for r in parsed.refused])


@pytest.fixture
def real() -> Parsed:
    """Semicolons, a byte order mark, decimal commas, line breaks in cells, and what else real exports have."""
    return parse((DATA / "real_world.csv").read_bytes(), "EUR")


def test_variations_are_found_wherever_they_stand(real: Parsed) -> None:
    kettle = drafts(real)["Kettle"]
    assert [(variant.sku, variant.regular, variant.sale) for variant in kettle.content.variants] == [
        ("kettle-blue", 2450, 1990),
        ("kettle-red", 2450, None),
    ]
    assert kettle.content.variants[0].attributes == {"Colour": "Blue"}
    assert kettle.content.variants[0].picture == "https://pictures.example/blue.jpg"
    assert kettle.guards == ["WOO#912"]


def test_lines_are_physical_lines(real: Parsed) -> None:
    assert lines(real) == [2, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]


def test_texts_are_unescaped(real: Parsed) -> None:
    kettle = drafts(real)["Kettle"].content
    assert kettle.short_description == "Boils\nquickly"
    assert kettle.description == "Two lines\nand a backslash \\n"
    assert kettle.categories == ["Kitchen", "Pots, Pans & More > Kettles"]
    assert drafts(real)["Mug"].content.categories == ["Kitchen & Bath"]


def test_pictures_without_an_address_are_noted(real: Parsed) -> None:
    kettle = drafts(real)["Kettle"]
    assert kettle.content.pictures == ["https://pictures.example/a.jpg"]
    assert "kettle.jpg" in (kettle.rows[0].note or "")


def test_attributes(real: Parsed) -> None:
    kettle = drafts(real)["Kettle"]
    assert [(attribute.name, attribute.values) for attribute in kettle.content.attributes] == [
        ("Colour", ["Red", "Blue"]),
        ("Volume", ["1 l"]),
    ]
    assert all("any Volume" in (part.note or "") for part in kettle.rows[1:])


def test_stock(real: Parsed) -> None:
    stock = {part.sku: part.stock for draft in real.drafts for part in draft.rows if part.sku}
    assert stock == {"kettle-red": 4, "kettle-blue": 0, "woo-920": 2, "mug": 0, "cheap": 0}


def test_without_a_sku_the_id_is_the_reference(real: Parsed) -> None:
    found = drafts(real)["No SKU"]
    assert found.guards == ["WOO#920"]
    assert found.content.skus == ["woo-920"]
    assert found.rows[0].reference == "id:920"


def test_published_and_visibility(real: Parsed) -> None:
    found = drafts(real)
    assert (found["No SKU"].content.published, found["No SKU"].content.visibility) == (False, "search")
    assert (found["Mug"].content.published, found["Mug"].content.visibility) == (False, "hidden")
    assert found["Kettle"].content.published


def test_a_sale_ends_with_its_last_day(real: Parsed) -> None:
    mug = drafts(real)["Mug"].content.variants[0]
    assert (mug.sale_from, mug.sale_until) == ("2026-11-01T00:00:00.000Z", "2026-11-27T23:59:59.999Z")


def test_a_sale_price_that_is_none_is_left_out(real: Parsed) -> None:
    cheap = drafts(real)["Sale above"]
    assert cheap.content.variants[0].sale is None
    assert "not below the regular price" in (cheap.rows[0].note or "")
    assert "backorder" in (cheap.rows[0].note or "")


def test_lesson_rows_skipped_in_silence(real: Parsed) -> None:
    assert {reference: reason.split(",")[0][:40] for reference, reason in reasons(real).items()} == {
        "mug": "line 8 has the same SKU or ID",
        "set": "a grouped product only shows others",
        "link": "an external product is sold by another s",
        "sub": "products of type 'subscription' are not ",
        "orphan": "its parent 'nobody' is not in the file a",
        "free": "it has no regular price",
        "net": "EUR has 2 digits after the point",
        "id:": "it has neither SKU nor ID",
    }
    assert len(lines(real)) == real.rows == 14


def test_columns_that_are_not_carried_are_named(real: Parsed) -> None:
    assert real.ignored_columns == [
        "Tax status",
        "Backorders allowed?",
        "Attribute 1 global",
        "Description (of variations)",
    ]


def test_stock_shared_with_the_parent_is_not_sold_twice() -> None:
    text = export(row(Type="variable", SKU="p", Stock=7), variation("p", "p-S", Stock="parent"))
    (draft,) = parse(text.encode(), "EUR").drafts
    assert draft.rows[1].stock == 0
    assert "until it is counted" in (draft.rows[1].note or "")


def test_a_product_whose_variations_are_all_refused_is_refused() -> None:
    text = export(
        row(Type="variable", SKU="p"),
        variation("p", "p-S", Regular_price=""),
        variation("p", "p-M", Published=0),
    )
    assert reasons(parse(text.encode(), "EUR")) == {
        "p": "none of its variations can be taken",
        "p-S": "it has no regular price",
        "p-M": "this variation is not published",
    }


def test_too_many_variations_are_refused_with_their_product() -> None:
    text = export(row(Type="variable", SKU="p"), *(variation("p", f"p-{n}") for n in range(51)))
    parsed = parse(text.encode(), "EUR")
    assert not parsed.drafts
    assert "more than 50 variations" in reasons(parsed)["p"]
    assert reasons(parsed)["p-0"] == "its product in line 2 is refused"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"Name": ""}, "name: "),
        ({"Name": "x" * 201}, "name: "),
        ({"SKU": "a/b"}, "sku: "),
        ({"SKU": "s" * 101}, "its SKU is longer"),
        ({"Regular_price": "-1"}, "is not between 0 and"),
        ({"Regular_price": "1000000000.01"}, "is not between 0 and"),
        ({"Sale_price": "1.999"}, "EUR has 2 digits"),
        ({"Stock": "2,5"}, "its stock of 2.5 is not a whole number"),
        ({"Categories": "A > !"}, "letter or digit"),
        ({"Categories": ",".join(f"c{n}" for n in range(21))}, "categories: "),
        ({"Description": "x" * 100_000}, "100000 bytes"),
    ],
)
def test_what_is_well_formed_but_cannot_be_taken(cells: dict[str, str], reason: str) -> None:
    parsed = parse(export(row(**({"SKU": "s"} | cells)), row(SKU="fine")).encode(), "EUR")
    assert [draft.guards[0] for draft in parsed.drafts] == ["SKU#fine"]
    assert reason in (parsed.refused[0].reason or "")


def test_the_currency_decides_the_digits() -> None:
    parsed = parse(export(row(SKU="a", Regular_price="10.5"), row(SKU="b", Regular_price="1000")).encode(), "JPY")
    assert [draft.content.variants[0].regular for draft in parsed.drafts] == [1000]
    assert "JPY has 0 digits" in (parsed.refused[0].reason or "")


def test_columns_that_are_missing_are_not_told() -> None:
    text = export(row(SKU="a", Regular_price="12"), columns=("Type", "SKU", "Name", "Regular price"))
    (draft,) = parse(text.encode(), "EUR").drafts
    assert draft.content.model_fields_set == {"currency", "name", "variants"}
    assert draft.content.variants[0].model_fields_set == {"sku", "regular"}
    assert "stock" not in draft.rows[0].model_fields_set


def test_the_sample_shop() -> None:
    parsed = parse(sample(), "EUR")
    assert not parsed.refused
    assert not parsed.ignored_columns
    assert 12 <= len(parsed.drafts) <= 16
    assert sum(len(draft.content.variants) > 1 for draft in parsed.drafts) >= 3
    stock = [part.stock for draft in parsed.drafts for part in draft.rows if part.sku]
    assert 0 in stock
    assert 2 in stock
    assert any(variant.sale for draft in parsed.drafts for variant in draft.content.variants)
    assert {path.count(">") for draft in parsed.drafts for path in draft.content.categories} == {1}


@pytest.mark.skipif(not SHARED.exists(), reason="the real export is not beside this checkout")
def test_every_row_of_the_real_export() -> None:
    parsed = parse(SHARED.read_bytes(), "EUR")
    assert lines(parsed) == list(range(2, 26))
    assert sorted(reasons(parsed)) == ["cc-logo-collection", "cp-donation"]
    assert len(parsed.drafts) == 13
    assert len(drafts(parsed)["Hoodie"].content.variants) == 6
    assert drafts(parsed)["T-Shirt"].content.skus == ["cc-t-shirt-red", "cc-t-shirt-blue", "cc-t-shirt-green"]


KINDS = st.sampled_from(["simple", "variable", "variation", "grouped", "simple, virtual", "external", ""])
KEYS = st.sampled_from(["", "a", "b", "c"])
ROWS = st.lists(
    st.builds(
        lambda kind, sku, parent, price: row(Type=kind, SKU=sku, Parent=parent, Regular_price=price),
        KINDS,
        KEYS,
        KEYS,
        st.sampled_from(["", "1", "1.001"]),
    ),
    max_size=8,
)


@given(ROWS)
def test_every_row_is_either_in_one_draft_or_refused_with_a_reason(rows: list[dict[str, str]]) -> None:
    parsed = parse(export(*rows).encode(), "EUR")
    assert lines(parsed) == list(range(2, 2 + len(rows)))
    assert all(found.reason for found in parsed.refused)
    skus = [variant.sku for draft in parsed.drafts for variant in draft.content.variants]
    assert len(skus) == len(set(skus))
