"""A broken file is refused whole, with the lines and what is wrong in them; nothing is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartwheel.catalog.events import ImportRequested
from cartwheel.catalog.woocommerce import parse
from cartwheel.kernel.errors import Invalid
from tests.support.shop import Shop

from .files import export, listed, row, send

GOOD = export(row(SKU="a"), row(SKU="b"))
HEADER = GOOD.partition("\n")[0]


def errors(data: bytes) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        parse(data, "EUR")
    return [(error.field, error.reason) for error in refused.value.errors or []]


@pytest.mark.parametrize(
    ("data", "field", "reason"),
    [
        (b"", "line 1", "empty"),
        (b"\n\n", "line 1", "empty"),
        (b"\x89PNG\r\n\x1a\n", "line 1", "not UTF-8"),
        (GOOD.encode("utf-16"), "line 1", "not UTF-8"),
        (GOOD.replace("Thing", "Ding für").encode("latin-1"), "line 2", "not UTF-8"),
        (b'{"products": []}', "line 1", "the header lacks 'Type', 'Name', 'Regular price', 'SKU'"),
        (GOOD.replace("Regular price", "Regul\u00e4rer Preis").encode(), "line 1", "lacks 'Regular price'"),
        (GOOD.replace("Sale price,", "Name,").encode(), "line 1", "'Name' more than once"),
        ((HEADER + "\n" + '1,simple,"a,b').encode(), "line 2", "not CSV"),
        ((GOOD + '1,simp"le\n"x"y,').encode(), "line 5", "not CSV"),
    ],
)
def test_what_is_not_such_a_file(data: bytes, field: str, reason: str) -> None:
    ((found, why),) = errors(data)
    assert found == field
    assert reason in why


def test_everything_wrong_is_named_at_once() -> None:
    text = export(
        row(SKU="a", Regular_price="ten"),
        row(SKU="b", Description="two\nlines"),
        row(SKU="c", Stock="many", Sale_price="1.234,50", Published="yes"),
        row(SKU="d", In_stock="maybe", Date_sale_price_ends="07/06/2013", Visibility_in_catalog="somewhere"),
    )
    assert [(field, reason.partition(":")[0]) for field, reason in errors(text.encode())] == [
        ("line 2", "'Regular price'"),
        ("line 5", "'Published'"),
        ("line 5", "'Stock'"),
        ("line 5", "'Sale price'"),
        ("line 6", "'Visibility in catalog'"),
        ("line 6", "'Date sale price ends'"),
        ("line 6", "'In stock?'"),
    ]


def test_wrong_number_of_fields() -> None:
    assert errors((GOOD + "3,simple,c\n" + GOOD.splitlines()[1] + ",more\n").encode()) == [
        ("line 4", "it has 3 fields, the header has 20"),
        ("line 5", "it has 21 fields, the header has 20"),
    ]


def test_the_answer_names_the_lines_and_nothing_is_written(shop: Shop) -> None:
    answer = send(shop, export(row(SKU="good"), row(SKU="bad", Regular_price="ten")))
    assert answer.status == 422
    assert answer.json["errors"][0]["field"] == "line 3"
    assert "nothing of it was imported" in answer.json["detail"]
    shop.drain()
    assert listed(shop) == []
    assert shop.events(ImportRequested) == []


@given(st.binary(max_size=300))
def test_whatever_the_bytes_it_is_taken_or_refused(data: bytes) -> None:
    judge(data)


def judge(data: bytes) -> None:
    """Nothing but a refusal that names its errors may come out of the parser."""
    try:
        parse(data, "EUR")
    except Invalid as refused:
        if not refused.errors:
            raise


TEXTS = st.text(alphabet="a9é€ ,;'\"\n\r\\\0-=@.>&", max_size=12)
ODD = st.sampled_from(["1e9", "-0", "9" * 15, "NaN", "'=1", "\\,", "9999-12-31", "0001-01-01T00:00+14:00"])
CELLS = st.dictionaries(st.sampled_from(list(row())), TEXTS | ODD)


@given(st.lists(CELLS, min_size=1, max_size=3))
def test_whatever_the_cells_it_is_taken_or_refused(cells: list[dict[str, str]]) -> None:
    judge(export(*(row(SKU=f"s{number}") | told for number, told in enumerate(cells))).encode())
