"""What can be written, how, and what is refused: the limits of DynamoDB hold on every host."""

import datetime
import decimal
from typing import Any

import pytest

from cartwheel.kernel.conditions import Equals, Exists, NotExists
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.store import (
    MAX_INTEGER,
    MAX_ITEM_BYTES,
    MAX_ITEM_DEPTH,
    MAX_PK_BYTES,
    MAX_SK_BYTES,
    MAX_TRANSACTION_ITEMS,
    Check,
    ConditionFailed,
    Delete,
    InvalidWrite,
    Item,
    Key,
    Put,
    Query,
    Store,
    Update,
    Write,
)

from .adapters import OTHERS, THINGS

NEARLY_FULL = "x" * (MAX_ITEM_BYTES - 10_000)


def put(pk: str, sk: str = "a", **attributes: Any) -> Put:
    return Put(THINGS, {"PK": pk, "SK": sk, **attributes})


def read(store: Store, pk: str, sk: str = "a") -> Item | None:
    return store.get(THINGS, Key(pk, sk))


def refused(store: Store, *writes: Write) -> str:
    """The reason why. A good write beside the bad one is not done either."""
    witness = put(new_id())
    with pytest.raises(InvalidWrite) as raised:
        store.transact([witness, *writes])
    assert store.get(THINGS, witness.key) is None
    return str(raised.value)


def test_put_replaces_the_whole_item(store: Store, pk: str) -> None:
    store.transact([put(pk, old=1)])
    store.transact([put(pk, new=2)])
    assert read(store, pk) == {"PK": pk, "SK": "a", "new": 2}


def test_delete_removes_and_forgives_what_is_not_there(store: Store, pk: str) -> None:
    store.transact([put(pk), put(pk, "b")])
    for _ in range(2):
        store.transact([Delete(THINGS, Key(pk, "a"))])
    assert read(store, pk) is None
    assert read(store, pk, "b")


def test_update_changes_only_what_it_names(store: Store, pk: str) -> None:
    store.transact([put(pk, kept="k", set=1, added=1, removed=1)])
    store.transact([Update(THINGS, Key(pk, "a"), {"set": [2]}, {"added": -3, "fresh": 4}, ("removed", "unknown"))])
    assert read(store, pk) == {"PK": pk, "SK": "a", "kept": "k", "set": [2], "added": -2, "fresh": 4}


@pytest.mark.parametrize(
    ("update", "made"),
    [
        ({"set": {"a": 1}}, {"a": 1}),
        ({"add": {"a": 2}}, {"a": 2}),
        ({"remove": ("a",)}, {}),
        ({}, {}),
    ],
    ids=repr,
)
def test_update_makes_an_item_that_is_not_there(store: Store, pk: str, update: Any, made: Item) -> None:
    store.transact([Update(THINGS, Key(pk, "a"), **update)])
    assert read(store, pk) == {"PK": pk, "SK": "a", **made}


@pytest.mark.parametrize("stored", ["text", True, None, [1]], ids=repr)
def test_adding_to_what_is_no_integer_is_refused(store: Store, pk: str, stored: Any) -> None:
    store.transact([put(pk, n=stored)])
    refused(store, Update(THINGS, Key(pk, "a"), add={"n": 1}))
    assert read(store, pk) == {"PK": pk, "SK": "a", "n": stored}


@pytest.mark.parametrize("amount", [1.5, "1", True, None], ids=repr)
def test_adding_what_is_no_integer_is_refused(store: Store, pk: str, amount: Any) -> None:
    refused(store, Update(THINGS, Key(pk, "a"), add={"n": amount}))


@pytest.mark.parametrize("change", [{"set": {"PK": "x"}}, {"add": {"SK": 1}}, {"remove": ("PK",)}], ids=repr)
def test_an_update_cannot_change_the_key(store: Store, pk: str, change: Any) -> None:
    assert "key" in refused(store, Update(THINGS, Key(pk, "a"), **change))


def test_an_update_cannot_change_an_attribute_twice(store: Store, pk: str) -> None:
    assert "twice" in refused(store, Update(THINGS, Key(pk, "a"), {"n": 1}, {"n": 1}))
    assert "twice" in refused(store, Update(THINGS, Key(pk, "a"), {"n": 1}, remove=("n",)))


def test_a_transaction_reaches_several_tables(store: Store, pk: str) -> None:
    store.transact([put(pk), Put(OTHERS, {"PK": pk, "SK": "a", "other": True})])
    assert read(store, pk) == {"PK": pk, "SK": "a"}
    assert store.get(OTHERS, Key(pk, "a")) == {"PK": pk, "SK": "a", "other": True}


def test_a_transaction_has_at_most_100_writes(store: Store, pk: str) -> None:
    store.transact([put(pk, str(number)) for number in range(MAX_TRANSACTION_ITEMS)])
    assert len(store.query(Query(THINGS, pk)).items) == 100
    with pytest.raises(InvalidWrite, match="101"):
        store.transact([put(pk, f"more {number}") for number in range(MAX_TRANSACTION_ITEMS + 1)])
    assert len(store.query(Query(THINGS, pk, limit=500)).items) == 100


def test_a_transaction_has_at_least_one_write(store: Store) -> None:
    with pytest.raises(InvalidWrite):
        store.transact([])


def test_a_transaction_writes_no_item_twice(store: Store, pk: str) -> None:
    key = Key(pk, "a")
    twins: list[Write] = [put(pk), Update(THINGS, key, {"n": 1}), Delete(THINGS, key), Check(THINGS, key, Exists())]
    for first in twins:
        for second in twins:
            assert "twice" in refused(store, first, second)


def test_an_unknown_table_is_refused(store: Store, pk: str) -> None:
    assert "'nowhere'" in refused(store, Put("nowhere", {"PK": pk, "SK": "a"}))


def test_an_item_has_at_most_400_kilobytes(store: Store, pk: str) -> None:
    store.transact([put(pk, text=NEARLY_FULL)])
    item = read(store, pk)
    refused(store, put(pk, text="x" * MAX_ITEM_BYTES))
    refused(store, put(pk, text="é" * (MAX_ITEM_BYTES // 2)))
    refused(store, Update(THINGS, Key(pk, "a"), set={"more": "x" * 20_000}))
    assert read(store, pk) == item


@pytest.mark.parametrize("letters", ["x" * 390_000, "é" * 195_000], ids=["ascii", "two bytes each"])
def test_a_transaction_has_at_most_4_megabytes(store: Store, pk: str, letters: str) -> None:
    store.transact([put(pk, str(number), text=letters) for number in range(10)])
    refused(store, *[put(pk, f"more {number}", text=letters) for number in range(11)])
    refused(store, *[Update(THINGS, Key(pk, f"more {number}"), set={"text": letters}) for number in range(11)])
    assert len(store.query(Query(THINGS, pk)).items) == 10


@pytest.mark.parametrize("number", [0, -1, 2**53 + 1, MAX_INTEGER, -MAX_INTEGER - 1])
def test_integers_are_exact(store: Store, pk: str, number: int) -> None:
    store.transact([put(pk, n=number)])
    assert read(store, pk) == {"PK": pk, "SK": "a", "n": number}


@pytest.mark.parametrize("number", [MAX_INTEGER + 1, 2**64 - 1, 2**64, -MAX_INTEGER - 2, 10**38, 10**400])
def test_integers_beyond_64_bits_are_refused(store: Store, pk: str, number: int) -> None:
    refused(store, put(pk, n=number))
    refused(store, put(pk, n=[{"deep": number}]))
    refused(store, put(pk, expiresAt=number))
    refused(store, Update(THINGS, Key(pk, "a"), set={"n": number}))
    refused(store, Update(THINGS, Key(pk, "a"), add={"n": number}))


@pytest.mark.parametrize(("stored", "amount"), [(MAX_INTEGER, 1), (1, MAX_INTEGER), (-MAX_INTEGER, -2)])
def test_a_sum_beyond_64_bits_is_refused(store: Store, pk: str, stored: int, amount: int) -> None:
    item = {"PK": pk, "SK": "a", "n": stored, "fine": 1}
    store.transact([Put(THINGS, item)])
    refused(store, Update(THINGS, Key(pk, "a"), add={"n": amount, "fine": 1}))
    refused(store, Update(THINGS, Key(pk, "a"), add={"n": amount}, condition=Equals("n", stored)))
    assert read(store, pk) == item
    with pytest.raises(ConditionFailed):
        store.transact([Update(THINGS, Key(pk, "a"), add={"n": amount}, condition=Equals("n", 5))])
    for nearly in (-MAX_INTEGER - 1 - stored, MAX_INTEGER - stored):
        if abs(nearly) <= MAX_INTEGER:
            store.transact([Update(THINGS, Key(pk, "a"), set={"fine": 2}, add={"n": nearly})])
            assert read(store, pk) == {**item, "n": stored + nearly, "fine": 2}
            store.transact([Put(THINGS, item)])


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        float("nan"),
        decimal.Decimal("1.5"),
        datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        b"bytes",
        {1, 2},
        object,
        "\ud800",
        {"\udfff": 1},
        {1: "number as name"},
    ],
    ids=repr,
)
def test_what_json_does_not_keep_is_refused(store: Store, pk: str, value: Any) -> None:
    for item in ({"v": value}, {"v": [value]}, {"v": {"w": (value,)}}):
        refused(store, put(pk, **item))
        refused(store, Update(THINGS, Key(pk, "a"), set=item))
    assert read(store, pk) is None


def test_an_item_is_nested_at_most_32_levels(store: Store, pk: str) -> None:
    deep: Any = "bottom"
    for _ in range(MAX_ITEM_DEPTH - 1):
        deep = [deep]
    store.transact([put(pk, deep=deep)])
    assert read(store, pk) == {"PK": pk, "SK": "a", "deep": deep}
    refused(store, put(pk, deep=[[deep]]))
    endless: list[Any] = []
    endless.append(endless)
    refused(store, put(pk, deep=endless))


@pytest.mark.parametrize(
    "key", [("", "a"), ("p", ""), (5, "a"), ("p", None), ("\ud800", "a"), ("p", "\udc00")], ids=repr
)
def test_a_key_is_text_and_not_empty(store: Store, key: tuple[Any, Any]) -> None:
    refused(store, Put(THINGS, {"PK": key[0], "SK": key[1]}))
    refused(store, Update(THINGS, Key(*key), set={"n": 1}))
    refused(store, Delete(THINGS, Key(*key)))
    refused(store, Check(THINGS, Key(*key), Exists()))


def test_a_key_must_be_there(store: Store, pk: str) -> None:
    refused(store, Put(THINGS, {"PK": pk}))
    refused(store, Put(THINGS, {"SK": pk}))


def test_a_key_has_at_most_2048_and_1024_bytes(store: Store, pk: str) -> None:
    longest = Key(pk + "é" * ((MAX_PK_BYTES - len(pk)) // 2), "é" * (MAX_SK_BYTES // 2))
    store.transact([Put(THINGS, {"PK": longest.pk, "SK": longest.sk})])
    assert store.get(THINGS, longest)
    refused(store, Put(THINGS, {"PK": longest.pk + "x", "SK": "a"}))
    refused(store, Put(THINGS, {"PK": pk, "SK": longest.sk + "x"}))


@pytest.mark.parametrize("value", ["", 5, None, True, ["text"]], ids=repr)
@pytest.mark.parametrize("attribute", ["group", "rank"])
def test_an_indexed_attribute_is_text_and_not_empty(store: Store, pk: str, attribute: str, value: Any) -> None:
    assert attribute in refused(store, put(pk, **{attribute: value}))
    store.transact([put(pk, group=pk, rank="1")])
    assert attribute in refused(store, Update(THINGS, Key(pk, "a"), set={attribute: value}))


@pytest.mark.parametrize("expiry", ["2026-01-01", True, [1]], ids=repr)
def test_an_expiry_is_whole_seconds(store: Store, pk: str, expiry: Any) -> None:
    assert "expiresAt" in refused(store, put(pk, expiresAt=expiry))


@pytest.mark.parametrize(
    "text", ["", "\x00", "a\x00b", "ünïcödé", "\U0001f600", "\U0010ffff", "'\"\\;--", "\n\t"], ids=ascii
)
def test_any_text_is_kept(store: Store, pk: str, text: str) -> None:
    item: Item = {
        "PK": pk + text,
        "SK": text or "a",
        "text": text,
        "group": pk + text,
        "rank": text or "r",
        f"n{text}": [text],
    }
    store.transact([Put(THINGS, item)])
    assert store.get(THINGS, Key(item["PK"], item["SK"])) == item
    assert store.query(Query(THINGS, pk + text)).items == [item]
    assert store.query(Query(THINGS, pk + text, index="by-group")).items == [item]


def test_an_item_is_added_by_itself_only_if_it_is_not_there(store: Store, pk: str) -> None:
    """As the ledger stores every event: the first one stays, and the second one hears of it."""
    first, second = ({"PK": pk, "SK": "a", "n": number} for number in (1, 2))
    store.transact([Put(THINGS, first, NotExists())])
    with pytest.raises(ConditionFailed) as refused:
        store.transact([Put(THINGS, second, NotExists())])
    assert refused.value.failed == (0,)
    assert store.get(THINGS, Key(pk, "a")) == first
