"""Scans: every item whose PK begins so, page after page, in whatever order."""

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cartwheel.kernel.ids import new_id
from cartwheel.kernel.store import (
    MAX_PK_BYTES,
    Delete,
    InvalidCursor,
    InvalidWrite,
    Key,
    Page,
    Put,
    Query,
    Scan,
    Store,
    scan_all,
)

from .adapters import OTHERS, THINGS

LETTERS = "\x00ab\x7fé\ud7ff\ue000\uffff\U00010000\U0010ffff"
texts = st.text(LETTERS, max_size=4)


def fill(store: Store, *keys: tuple[str, str], expires: int | None = None) -> None:
    expiry = {} if expires is None else {"expiresAt": expires}
    for start in range(0, len(keys), 100):
        store.transact([Put(THINGS, {"PK": pk, "SK": sk, **expiry}) for pk, sk in keys[start : start + 100]])


def found(store: Store, scan: Scan) -> list[tuple[str, str]]:
    """Sorted; what is listed twice is there twice."""
    return sorted((item["PK"], item["SK"]) for item in scan_all(store, scan))


@settings(max_examples=25, deadline=None)
@given(st.sets(st.tuples(texts, texts.filter(bool)), max_size=20), texts, st.integers(1, 7))
def test_all_that_begin_so(store: Store, endings: set[tuple[str, str]], prefix: str, limit: int) -> None:
    own = new_id()
    keys = [(own + pk, sk) for pk, sk in endings]
    fill(store, *keys)
    assert found(store, Scan(THINGS, own, limit=limit)) == sorted(keys)
    assert found(store, Scan(THINGS, own + prefix, limit=limit)) == sorted(
        (pk, sk) for pk, sk in keys if pk.startswith(own + prefix)
    )


def test_items_are_whole(store: Store, pk: str) -> None:
    item = {"PK": pk, "SK": "a", "n": 5, "inner": {"list": [True, None, "x"]}, "expiresAt": int(time.time()) + 1000}
    store.transact([Put(THINGS, item)])
    assert list(scan_all(store, Scan(THINGS, pk))) == [item]


def test_without_a_prefix_it_is_the_whole_table_and_no_other(store: Store, pk: str) -> None:
    fill(store, (pk, "a"), (f"{pk}x", "a"))
    store.transact([Put(OTHERS, {"PK": f"{pk}y", "SK": "a"})])
    listed = [key for key in found(store, Scan(THINGS, "")) if key[0].startswith(pk)]
    assert listed == [(pk, "a"), (f"{pk}x", "a")]


def test_a_page_has_no_more_than_its_limit(store: Store, pk: str) -> None:
    keys = [(f"{pk}{number}", "a") for number in range(6)]
    fill(store, *keys)
    scan, pages = Scan(THINGS, pk, limit=3), list[Page]()
    while not pages or pages[-1].next:
        pages.append(store.scan(replace(scan, cursor=pages[-1].next if pages else None)))
    assert all(len(page.items) <= 3 for page in pages)
    assert sorted(item["PK"] for page in pages for item in page.items) == [key[0] for key in keys]


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_1_to_1000_items(store: Store, pk: str, limit: int) -> None:
    with pytest.raises(InvalidWrite):
        store.scan(Scan(THINGS, pk, limit=limit))


def test_what_expired_is_skipped_even_where_all_else_has(store: Store, pk: str) -> None:
    fill(store, *((f"{pk}{number:03}", "a") for number in range(300)), expires=int(time.time()))
    fill(store, (f"{pk}150", "b"), (f"{pk}299", "b"))
    assert found(store, Scan(THINGS, pk, limit=1)) == [(f"{pk}150", "b"), (f"{pk}299", "b")]


def test_what_was_there_throughout_is_found_once(store: Store, pk: str) -> None:
    """Others come and go between the pages, the one that the cursor names among them."""
    keys = [(f"{pk}{number:02}", "a") for number in range(20)]
    fill(store, *keys)
    scan, listed, gone = Scan(THINGS, pk, limit=2), list[str](), set[str]()
    while True:
        page = store.scan(scan)
        listed += [item["PK"] for item in page.items]
        if page.next is None:
            break
        for item in page.items:
            store.transact([Delete(THINGS, Key(item["PK"], "a"))])
            gone.add(item["PK"])
        fill(store, (f"{pk}x{len(listed)}", "a"))
        scan = replace(scan, cursor=page.next)
    assert len(listed) == len(set(listed))
    assert {key[0] for key in keys} <= set(listed)


def test_lesson_scan_without_paging(store: Store, pk: str) -> None:
    """More than DynamoDB's megabyte at once."""
    keys = [(f"{pk}{number:05}", "a") for number in range(1200)]
    for start in range(0, len(keys), 100):
        store.transact([Put(THINGS, {"PK": k, "SK": s, "text": "x" * 1000}) for k, s in keys[start : start + 100]])
    assert found(store, Scan(THINGS, pk, limit=1000)) == keys


def test_no_key_is_as_long_as_this(store: Store) -> None:
    assert store.scan(Scan(THINGS, "x" * (MAX_PK_BYTES + 1))) == Page([], None)


def test_a_cursor_is_bound_to_its_scan(store: Store, pk: str) -> None:
    fill(store, (pk, "a"), (pk, "b"), (f"{pk}x", "a"), (f"{pk}x", "b"))
    cursors = {prefix: store.scan(Scan(THINGS, prefix, limit=1)).next for prefix in (pk, f"{pk}x", "")}
    cursors["query"] = store.query(Query(THINGS, pk, limit=1)).next
    for prefix in (pk, f"{pk}x", ""):
        for name, cursor in cursors.items():
            if cursor and name != prefix:
                with pytest.raises(InvalidCursor):
                    store.scan(Scan(THINGS, prefix, cursor=cursor))
    with pytest.raises(InvalidCursor):
        store.query(Query(THINGS, pk, cursor=cursors[pk]))
    with pytest.raises(InvalidCursor):
        store.scan(Scan(THINGS, pk, cursor="made up"))
