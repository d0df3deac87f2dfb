"""Replay: the same handlers, the same effect on the copy, and no other; whatever is interrupted or comes twice."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from cartwheel.kernel import consumer
from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.comparison import page
from cartwheel.kernel.conditions import Equals, NotExists
from cartwheel.kernel.envelope import Envelope
from cartwheel.kernel.errors import Busy, NotFound
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.projection import Copy, Projected
from cartwheel.kernel.replay import replay
from cartwheel.kernel.store import (
    Check,
    ConditionFailed,
    Delete,
    InvalidCursor,
    Key,
    Put,
    Query,
    Scan,
    Store,
    Update,
    Write,
    scan_all,
)
from cartwheel.kernel.unit_of_work import UnitOfWork
from tests.contract.adapters import OTHERS, THINGS
from tests.support.store import Wrapped

from .world import Crash, Overtaken, Packed, Sent, box_key, envelope

inbox = Inbox("packers", THINGS)
handler = consumer.handler(inbox)
BOXES = Projected("boxes", THINGS, f"{__name__}:handler", (Packed, Sent), ("box-",))


@inbox.on(Packed, "box", "weight", "note")
def packed(event: Packed, unit: UnitOfWork) -> None:
    """Adds up, so that a second time shows; what else it does, the note says."""
    act: dict[str | None, Callable[[], object]] = {
        "read a basket": lambda: unit.store.get(THINGS, Key("basket", "a")),
        "write a basket": lambda: unit.write(Delete(THINGS, Key("basket", "a"))),
        "read elsewhere": lambda: unit.store.get(OTHERS, Key("box-1", "a")),
        "query": lambda: unit.store.query(Query(THINGS, "box-1")),
        "scan": lambda: unit.store.scan(Scan(THINGS, "box-")),
        "commit": lambda: unit.store.transact([Put(THINGS, {"PK": "box-1", "SK": "box"})]),
        "commit each": lambda: unit.store.transact_each([[Put(THINGS, {"PK": "box-1", "SK": "box"})]]),
        "expect another": lambda: unit.write(Check(THINGS, box_key("box-x"), Equals("weight", 5))),
        "fail": lambda: 1 / 0,
        None: lambda: None,
    }
    act[event.note]()
    unit.write(
        Update(THINGS, box_key(event.box), set={"at": timestamp(now())}, add={"weight": event.weight}, remove=("note",))
    )
    unit.emit(Sent(box=event.box))


@inbox.on(Sent, "box")
def sent(event: Sent, unit: UnitOfWork) -> None:
    key = box_key(event.box)
    unit.write(Delete(THINGS, key) if unit.store.get(THINGS, key) else Put(THINGS, _sent(event.box), NotExists()))


def _sent(box: str) -> dict[str, Any]:
    return {"PK": box, "SK": "box", "sent": True, "expiresAt": int(time.time()) + 1000}


@dataclass
class Counted(Wrapped):
    """Counts transactions, and crashes before the one of a number."""

    store: Store
    crash_at: int = -1
    sizes: list[int] = field(default_factory=list)

    def transact(self, writes: Sequence[Write]) -> None:
        if len(self.sizes) == self.crash_at:
            raise Crash
        self.sizes.append(len(writes))
        super().transact(writes)


@pytest.fixture
def copy(store: Store) -> Copy:
    copy = Copy.fresh(BOXES, whole=True)
    store.transact([copy.save()])
    return copy


def again(store: Store, copy: Copy) -> Copy:
    """As the next request finds it."""
    return Copy.find(store, BOXES, copy.copy_id)


def weights(store: Store, copy: Copy) -> dict[str, Any]:
    return {
        copy.original(item).pk: item["item"] and item["item"].get("weight", "sent")
        for item in scan_all(store, Scan(THINGS, copy.prefix))
    }


def all_but_the_copy(store: Store) -> list[str]:
    return [
        item["PK"] for item in scan_all(store, Scan(THINGS, "")) if not item["PK"].startswith(("COPY#", "REPLAYED#"))
    ]


def packings(count: int, boxes: int) -> list[Envelope]:
    return [envelope(Packed(box=f"box-{number % boxes}", weight=1)) for number in range(count)]


def test_what_handlers_do_is_done_to_the_copy_alone(store: Store, copy: Copy) -> None:
    events = [*packings(5, 2), envelope(Sent(box="box-0")), envelope(Sent(box="box-2"))]
    done = replay(store, copy, events)
    assert (done.applied, done.known, done.failed) == (7, 0, {})
    assert weights(store, copy) == {"box-0": None, "box-1": 2, "box-2": "sent"}
    assert all_but_the_copy(store) == []


@pytest.mark.parametrize(
    "note",
    ["read a basket", "write a basket", "read elsewhere", "query", "scan", "commit", "commit each"],
)
def test_what_is_not_of_the_projection_cannot_be_reached(store: Store, copy: Copy, note: str) -> None:
    """Not the live one in its stead: the event fails, and says why."""
    store.transact([Put(THINGS, {"PK": "basket", "SK": "a"})])
    bad, good = envelope(Packed(box="box-1", note=note)), envelope(Packed(box="box-1"))
    done = replay(store, copy, [bad, good])
    assert done.applied == 1
    assert "NotOfProjection: the handler wants" in done.failed[bad.id]
    assert "begin with box-" in done.failed[bad.id]
    assert weights(store, copy) == {"box-1": 1}
    assert all_but_the_copy(store) == ["basket"]


@pytest.mark.parametrize("note", ["fail", "expect another"])
def test_what_fails_changes_nothing_and_may_come_again(store: Store, copy: Copy, note: str) -> None:
    bad = envelope(Packed(box="box-1", note=note))
    for _ in range(2):
        done = replay(store, again(store, copy), [bad])
        assert (done.applied, list(done.failed)) == (0, [bad.id])
    assert weights(store, copy) == {}


def test_an_event_that_was_applied_and_would_fail_now_is_known(store: Store, copy: Copy) -> None:
    first = envelope(Packed(box="box-1"))
    replay(store, copy, [first])
    inner, inbox._handlers = inbox._handlers, {}
    try:
        done = replay(store, again(store, copy), [first])
    finally:
        inbox._handlers = inner
    assert (done.known, done.failed) == (1, {})


def test_the_time_is_the_event_s(store: Store, copy: Copy) -> None:
    event = envelope(Packed(box="box-1"))
    then = Envelope(event.id, event.source, event.detail_type, "2021-05-06T07:08:09.123Z", event.detail)
    replay(store, copy, [then])
    kept = copy.kept(store, box_key("box-1"))
    assert kept
    assert kept["item"]["at"] == "2021-05-06T07:08:09.123Z"
    assert abs((now() - datetime.now(UTC)).total_seconds()) < 1


def test_a_transaction_holds_as_many_events_as_fit(store: Store, copy: Copy) -> None:
    counted = Counted(store)
    assert replay(counted, copy, packings(100, 100)).applied == 100
    assert all(size <= 100 for size in counted.sizes)
    assert len(counted.sizes) == 3
    assert replay(counted, again(store, copy), packings(98, 1)).applied == 98
    assert counted.sizes[3:] == [100]


@pytest.mark.parametrize("crash_at", [0, 1, 2])
def test_a_crash_between_two_transactions(store: Store, copy: Copy, crash_at: int) -> None:
    """The same chunk again: what was stored is known, the rest is applied."""
    events = packings(150, 75)
    with pytest.raises(Crash):
        replay(Counted(store, crash_at), copy, events)
    done = replay(store, again(store, copy), events)
    assert done.applied + done.known == 150
    assert (done.known > 0) == (crash_at > 0)
    assert set(weights(store, copy).values()) == {2}


def test_two_who_apply_at_once(store: Store, copy: Copy) -> None:
    """Before each transaction of the one, the other has applied events to the same items, some of them the same."""
    events, others = packings(120, 10), packings(30, 10)

    def rival(start: int) -> Any:
        return lambda: replay(store, again(store, copy), [*others[start : start + 10], *events[start : start + 10]])

    done = replay(Overtaken(store, [rival(start) for start in (0, 10, 20)]), copy, events)
    assert (done.applied, done.known) == (90, 30)
    assert set(weights(store, copy).values()) == {15}


def test_one_who_is_never_alone_is_told_so(store: Store, copy: Copy) -> None:
    def rival() -> None:
        replay(store, again(store, copy), packings(1, 1))

    with pytest.raises(Busy):
        replay(Overtaken(store, [rival] * 20), copy, packings(1, 1))


def test_a_copy_that_ends_meanwhile(store: Store, copy: Copy) -> None:
    def rival() -> None:
        store.transact([Delete(THINGS, copy.head)])

    with pytest.raises(NotFound):
        replay(Overtaken(store, [rival]), copy, packings(1, 1))
    assert weights(store, copy) == {}


def test_a_copy_is_of_one_projection(store: Store, copy: Copy) -> None:
    other = Projected("bags", THINGS, f"{__name__}:handler", (Packed,), ("bag-",))
    with pytest.raises(NotFound, match="POST /projections/bags/copies"):
        Copy.find(store, other, copy.copy_id)


def test_what_has_expired_is_not_there_on_either_side(store: Store, copy: Copy) -> None:
    """Though a condition still sees it: the store may take its time to remove it."""
    event = envelope(Sent(box="box-1"))
    replay(store, copy, [event])
    key = box_key("box-1")
    expired = _sent("box-1") | {"expiresAt": 1}
    store.transact([copy.keep(key, expired), Put(THINGS, expired)])
    pairs, _ = page(store, copy, 100, None)
    assert [(pair.live, pair.rebuilt) for pair in pairs] == [(None, None)]
    store.transact([copy.keep(key, _sent("box-1"))])
    ((pair,), _) = page(store, copy, 100, None)
    store.transact([pair.write()])
    assert store.get(THINGS, key)


@pytest.mark.parametrize(
    ("live", "meanwhile"),
    [
        ({"a": 1}, {"a": True}),
        ({"a": [1, {"b": None}]}, {"a": [1, {"b": 0}]}),
        ({"a": {"b": [1]}}, {"a": {"b": [1], "c": 1}}),
        ({"a": 1}, {"a": 1, "weight": 0}),
        ({}, None),
        ({"a": 1}, None),
    ],
)
def test_a_live_item_is_replaced_only_as_it_was_compared(
    store: Store, copy: Copy, live: dict[str, Any], meanwhile: dict[str, Any] | None
) -> None:
    key = box_key("box-0")
    at = {"PK": key.pk, "SK": key.sk}
    replay(store, copy, packings(1, 1))
    store.transact([Put(THINGS, at | live)])
    ((pair, *_), _) = page(store, copy, 100, None)
    store.transact([Delete(THINGS, key) if meanwhile is None else Put(THINGS, at | meanwhile)])
    with pytest.raises(ConditionFailed):
        store.transact([pair.write()])
    store.transact([Put(THINGS, at | live)])
    store.transact([pair.write()])
    assert (store.get(THINGS, key) or {})["weight"] == 1


@pytest.mark.parametrize("cursor", ["", "x", "1", "2.", "0.x", "-1.", "²."])
def test_no_cursor_of_a_comparison(store: Store, copy: Copy, cursor: str) -> None:
    if cursor:
        with pytest.raises(InvalidCursor):
            page(store, copy, 10, cursor)
    else:
        assert page(store, copy, 10, cursor) == ([], "1.")
