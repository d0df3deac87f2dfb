"""Lists: in key order, page after page, through the table or an index."""

import base64
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cartwheel.kernel.conditions import Exists, NotExists
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.store import (
    MAX_PK_BYTES,
    MAX_SK_BYTES,
    Check,
    ConditionFailed,
    Delete,
    InvalidCursor,
    InvalidWrite,
    Item,
    Key,
    Page,
    Put,
    Query,
    Store,
    Update,
    query_all,
)

from .adapters import OTHERS, THINGS

# Around the borders where texts are easily compared wrongly: NUL, the surrogates' gap, the last code point.
LETTERS = "\x00ab\x7fé\ud7ff\ue000\uffff\U00010000\U0010ffff"
texts = st.text(LETTERS, min_size=1, max_size=4)


def fill(store: Store, pk: str, sks: Sequence[str], **attributes: Any) -> None:
    for start in range(0, len(sks), 100):
        store.transact([Put(THINGS, {"PK": pk, "SK": sk, **attributes}) for sk in sks[start : start + 100]])


def found(store: Store, query: Query) -> list[str]:
    return [item["SK"] for item in query_all(store, query)]


def numbered(count: int) -> list[str]:
    return [f"{number:03}" for number in range(count)]


@settings(max_examples=25, deadline=None)
@given(st.sets(texts, max_size=20), texts, texts, st.integers(1, 7), st.booleans())
def test_order_prefix_and_range(store: Store, sks: set[str], one: str, other: str, limit: int, forward: bool) -> None:
    pk = new_id()
    fill(store, pk, list(sks), group=pk, rank="same")
    in_order = sorted(sks, reverse=not forward)
    low, high = sorted((one, other))
    query = Query(THINGS, pk, limit=limit, forward=forward)
    assert found(store, query) == in_order
    assert found(store, replace(query, prefix=one)) == [sk for sk in in_order if sk.startswith(one)]
    assert found(store, replace(query, between=(low, high))) == [sk for sk in in_order if low <= sk <= high]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(texts, texts), unique=True, max_size=20), texts, st.integers(1, 7), st.booleans())
def test_the_order_of_an_index(
    store: Store, keys: list[tuple[str, str]], prefix: str, limit: int, forward: bool
) -> None:
    """By its sort attribute; items of the same sort attribute follow each other in a fixed order."""
    group = new_id()
    items = [{"PK": group + sk, "SK": sk, "group": group, "rank": rank} for rank, sk in keys]
    items = list({(item["PK"], item["SK"]): item for item in items}.values())
    if items:
        store.transact([Put(THINGS, item) for item in items])
    query = Query(THINGS, group, index="by-group", limit=limit, forward=forward)
    listed = list(query_all(store, query))
    assert [item["rank"] for item in listed] == sorted((item["rank"] for item in items), reverse=not forward)
    assert sorted(item["PK"] for item in listed) == sorted(item["PK"] for item in items)
    ranks = [item["rank"] for item in query_all(store, replace(query, prefix=prefix))]
    assert ranks == [item["rank"] for item in listed if item["rank"].startswith(prefix)]


def test_a_page_has_at_most_its_limit_and_the_last_one_no_next(store: Store, pk: str) -> None:
    fill(store, pk, numbered(6))
    first = store.query(Query(THINGS, pk, limit=3))
    assert len(first.items) == 3
    second = store.query(Query(THINGS, pk, limit=3, cursor=first.next))
    assert [item["SK"] for item in first.items + second.items] == numbered(6)
    assert second.next is None
    assert store.query(Query(THINGS, new_id())) == replace(second, items=[])


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_1_to_1000_items(store: Store, pk: str, limit: int) -> None:
    with pytest.raises(InvalidWrite):
        store.query(Query(THINGS, pk, limit=limit))


def test_prefix_and_range_exclude_each_other(store: Store, pk: str) -> None:
    with pytest.raises(InvalidWrite):
        store.query(Query(THINGS, pk, prefix="a", between=("a", "b")))


def test_what_no_key_can_be_is_not_found(store: Store, pk: str) -> None:
    """Callers' texts reach keys: what is too long, or empty, is not there, and no fault."""
    fill(store, pk, ["a"])
    for key in (Key("x" * (MAX_PK_BYTES + 1), "a"), Key(pk, "x" * (MAX_SK_BYTES + 1)), Key("", "a"), Key(pk, "")):
        assert store.get(THINGS, key) is None
    for pk_of_none in ("", "é" * MAX_PK_BYTES):
        for index in (None, "by-group"):
            assert store.query(Query(THINGS, pk_of_none, index=index)) == Page([], None)
    assert found(store, Query(THINGS, pk, prefix="é" * MAX_SK_BYTES)) == []


def test_the_ends_of_a_range_may_be_any_text(store: Store, pk: str) -> None:
    fill(store, pk, ["\x00", "a", "b"])
    assert found(store, Query(THINGS, pk, between=("", "a"))) == ["\x00", "a"]
    for nothing in (("b", "a"), ("", ""), ("b", "")):
        assert store.query(Query(THINGS, pk, between=nothing)) == Page([], None)


@pytest.mark.parametrize("index", [None, "by-group"])
def test_a_page_is_full_whatever_has_expired(store: Store, pk: str, index: str | None) -> None:
    alive = ["00", "50", "98"]
    items = [{"PK": pk, "SK": f"{number:02}", "group": pk, "rank": f"{number:02}"} for number in range(100)]
    store.transact([Put(THINGS, item | ({} if item["SK"] in alive else {"expiresAt": 1})) for item in items])
    first = store.query(Query(THINGS, pk, index=index, limit=2))
    assert [item["SK"] for item in first.items] == alive[:2]
    second = store.query(Query(THINGS, pk, index=index, limit=2, cursor=first.next))
    assert [item["SK"] for item in second.items] == alive[2:]
    assert second.next is None
    assert found(store, Query(THINGS, pk, index=index, limit=1, forward=False)) == alive[::-1]


def test_a_cursor_stays_within_prefix_and_range(store: Store, pk: str) -> None:
    fill(store, pk, ["a1", "b1", "b2", "b3", "c1"])
    for bound in ({"prefix": "b"}, {"between": ("b1", "b3")}):
        outside = store.query(Query(THINGS, pk, limit=1)).next
        query = Query(THINGS, pk, limit=2, cursor=outside, **bound)
        assert found(store, query) == ["b1", "b2", "b3"]
        assert found(store, replace(query, forward=False)) == []


def test_an_index_is_sparse(store: Store, pk: str) -> None:
    """An item is in an index when it has both attributes."""
    query = Query(THINGS, pk, index="by-group")
    store.transact(
        [
            Put(THINGS, {"PK": pk, "SK": "both", "group": pk, "rank": "1"}),
            Put(THINGS, {"PK": pk, "SK": "partition only", "group": pk}),
            Put(THINGS, {"PK": pk, "SK": "sort only", "rank": "1"}),
            Put(THINGS, {"PK": pk, "SK": "neither"}),
            Put(THINGS, {"PK": pk, "SK": "other index", "colour": pk, "shade": "1"}),
        ]
    )
    assert found(store, query) == ["both"]
    assert found(store, replace(query, forward=False, limit=1)) == ["both"]
    assert len(store.query(Query(THINGS, pk)).items) == 5


def test_items_move_in_and_leave_an_index(store: Store, pk: str) -> None:
    key, item = Key(pk, "a"), {"PK": pk, "SK": "a", "group": pk, "rank": "1"}
    query = Query(THINGS, pk, index="by-group")
    store.transact([Put(THINGS, item)])
    store.transact([Update(THINGS, key, remove=("rank",))])
    assert found(store, query) == []
    store.transact([Update(THINGS, key, set={"rank": "2"})])
    assert found(store, query) == ["a"]
    store.transact([Update(THINGS, key, set={"group": pk + "x"})])
    assert found(store, query) == []
    assert found(store, replace(query, pk=pk + "x")) == ["a"]
    store.transact([Put(THINGS, {"PK": pk, "SK": "a"})])
    assert found(store, replace(query, pk=pk + "x")) == []
    store.transact([Put(THINGS, item)])
    store.transact([Delete(THINGS, key)])
    assert found(store, query) == []


def test_expired_items_are_hidden_from_reads_but_conditions_see_them(store: Store, pk: str) -> None:
    now = int(time.time())
    lives: Item = {"PK": pk, "SK": "lives", "group": pk, "rank": "1", "expiresAt": now + 1000}
    expired: Item = {"PK": pk, "SK": "expired", "group": pk, "rank": "1", "expiresAt": now - 1}
    just_now: Item = {"PK": pk, "SK": "just now", "group": pk, "rank": "1", "expiresAt": now}
    store.transact([Put(THINGS, item) for item in (lives, expired, just_now)])
    assert store.get(THINGS, Key(pk, "lives")) == lives
    assert store.get(THINGS, Key(pk, "expired")) is None
    assert store.get(THINGS, Key(pk, "just now")) is None
    assert store.query(Query(THINGS, pk, limit=1)) == store.query(Query(THINGS, pk, index="by-group", limit=1))
    assert found(store, Query(THINGS, pk)) == ["lives"]
    store.transact([Check(THINGS, Key(pk, "expired"), Exists())])
    with pytest.raises(ConditionFailed):
        store.transact([Put(THINGS, expired, NotExists())])


def test_an_item_without_expiry_again_is_seen_again(store: Store, pk: str) -> None:
    store.transact([Put(THINGS, {"PK": pk, "SK": "a", "expiresAt": 1})])
    store.transact([Update(THINGS, Key(pk, "a"), remove=("expiresAt",))])
    assert store.get(THINGS, Key(pk, "a")) == {"PK": pk, "SK": "a"}


def test_a_cursor_is_bound_to_its_list(store: Store, pk: str) -> None:
    """It must not be a way to look into another partition, index or table."""
    fill(store, pk, numbered(3), group=pk, rank="1", colour=pk, shade="1")
    store.transact([Put(OTHERS, {"PK": pk, "SK": sk}) for sk in numbered(3)])
    lists = [
        Query(THINGS, pk, limit=1),
        Query(THINGS, pk + "x", limit=1),
        Query(THINGS, pk, limit=1, index="by-group"),
        Query(THINGS, pk, limit=1, index="by-colour"),
        Query(OTHERS, pk, limit=1),
    ]
    for own in lists:
        cursor = store.query(own).next
        for other in lists:
            if cursor and own is not other:
                with pytest.raises(InvalidCursor):
                    store.query(replace(other, cursor=cursor))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(max_examples=40, deadline=None)
@given(
    st.text(min_size=1) | json_values.map(lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode())
)
def test_a_made_up_cursor_is_refused(store: Store, cursor: str) -> None:
    for index in (None, "by-group"):
        with pytest.raises(InvalidCursor):
            store.query(Query(THINGS, "pk", index=index, cursor=cursor))


def test_a_cut_or_changed_cursor_is_refused_or_harmless(store: Store, pk: str) -> None:
    fill(store, pk, numbered(3))
    cursor = store.query(Query(THINGS, pk, limit=1)).next
    assert cursor
    for position in range(len(cursor)):
        for changed in (cursor[:position], cursor[:position] + "A" + cursor[position + 1 :], cursor[:position] + "é"):
            try:
                page = store.query(Query(THINGS, pk, cursor=changed or None))
            except InvalidCursor:
                continue
            assert {item["PK"] for item in page.items} <= {pk}


changes = st.lists(st.tuples(st.booleans(), st.integers(0, 29)), max_size=6)


@pytest.mark.parametrize("index", [None, "by-group"])
@settings(max_examples=25, deadline=None)
@given(
    st.sets(st.integers(0, 29)), st.lists(changes, max_size=12), st.integers(1, 5), st.booleans(), st.integers(1, 30)
)
def test_lesson_lists_that_repeat_and_miss_items(
    store: Store,
    index: str | None,
    present: set[int],
    between_pages: list[list[tuple[bool, int]]],
    limit: int,
    forward: bool,
    ties: int,
) -> None:
    """Items come and go between the pages: what was there throughout is listed once, nothing is listed twice."""
    pk = new_id()

    def item(number: int) -> Item:
        return {"PK": pk, "SK": f"{number:03}", "group": pk, "rank": f"{number // ties:03}"}

    for number in present:
        store.transact([Put(THINGS, item(number))])
    throughout, listed = {f"{number:03}" for number in present}, []
    query, steps = Query(THINGS, pk, index=index, limit=limit, forward=forward), iter(between_pages)
    while True:
        page = store.query(query)
        listed += [each["SK"] for each in page.items]
        if page.next is None:
            break
        query = replace(query, cursor=page.next)
        for insert, number in next(steps, []):
            store.transact([Put(THINGS, item(number)) if insert else Delete(THINGS, Key(pk, f"{number:03}"))])
            if not insert:
                throughout.discard(f"{number:03}")
    assert len(listed) == len(set(listed))
    assert throughout <= set(listed)


def test_lesson_scan_without_paging(store: Store, pk: str) -> None:
    """More than a page, and more than DynamoDB's megabyte: all of it is found."""
    fill(store, pk, [f"{number:05}" for number in range(1500)], text="x" * 1000)
    assert found(store, Query(THINGS, pk)) == [f"{number:05}" for number in range(1500)]
