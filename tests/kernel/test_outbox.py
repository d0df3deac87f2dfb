"""Facts and their events are stored together; whatever happens in between, every event is sent."""

import json
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from cartwheel.kernel.clock import now
from cartwheel.kernel.conditions import NotExists
from cartwheel.kernel.ids import minted_at
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.outbox import PREFIX, outbox_row, unsent
from cartwheel.kernel.relay import relay
from cartwheel.kernel.store import ConditionFailed, InvalidWrite, Put, Store, Write
from cartwheel.kernel.unit_of_work import UnitOfWork, run
from cartwheel.local.engine import Engine
from tests.contract.adapters import THINGS, sqlite_engine, sqlite_store
from tests.support.store import Wrapped

from .world import Crash, FakeBus, Packed, Sent, cause, envelope, everything, pack, put, weight


def pack_and_tell(store: Store, box: str, *more: str) -> None:
    def work(unit: UnitOfWork) -> None:
        pack(unit, box)
        unit.emit(*[Packed(box=each) for each in (box, *more)])

    run(store, THINGS, cause(), work)


def arrived(engine: Engine, queue: str = "all-things") -> list[str]:
    with engine.group():
        bodies = [json.loads(message.body) for message in engine.queues.receive(queue, 100)]
    return [body["detail"]["metadata"]["subject"] for body in bodies]


def relay_all(engine: Engine) -> None:
    while engine.has_unsent:
        with engine.group():
            engine.relay()


def test_all_events_of_a_transaction_are_in_one_row_beside_its_facts(store: Store) -> None:
    because = cause()

    def work(unit: UnitOfWork) -> None:
        pack(unit, "a")
        unit.emit(Packed(box="a"), Sent(box="a"))

    run(store, THINGS, because, work)
    (row,) = unsent(store, THINGS)
    assert row["PK"].startswith(PREFIX)
    assert [event["detail-type"] for event in row["events"]] == ["Packed", "Sent"]
    assert {event["detail"]["metadata"]["correlationId"] for event in row["events"]} == {because.correlation_id}
    assert weight(store, "a") == 1


def test_what_is_not_stored_is_not_announced(store: Store) -> None:
    store.transact([put("a")])
    unit = UnitOfWork(store, THINGS, cause())
    unit.write(put("b"), Put(THINGS, put("a").item, NotExists()))
    unit.emit(Packed(box="a"))
    with pytest.raises(ConditionFailed):
        unit.commit()
    assert list(unsent(store, THINGS)) == []
    assert everything(store, "b") == []


def test_a_sent_row_is_gone(store: Store) -> None:
    pack_and_tell(store, "a", "b")
    bus = FakeBus()
    assert relay(store, bus, THINGS, list(unsent(store, THINGS))).failed == {}
    assert bus.subjects == ["a", "b"]
    assert list(unsent(store, THINGS)) == []


def test_many_rows_are_sent_at_once(store: Store) -> None:
    for number in range(0, 250, 50):
        store.transact([outbox_row(THINGS, [envelope(Packed(box=str(each)))]) for each in range(number, number + 50)])
    bus = FakeBus()
    assert relay(store, bus, THINGS, list(unsent(store, THINGS))).sent == 250
    assert sorted(map(int, map(str, bus.subjects))) == list(range(250))
    assert list(unsent(store, THINGS)) == []


def test_unsent_rows_come_oldest_first(store: Store) -> None:
    for number in range(12):
        store.transact([outbox_row(THINGS, [envelope(Packed(box=f"{number:02}"))])])
        time.sleep(0.002)  # rows of the same millisecond have no order
    rows = list(unsent(store, THINGS))
    boxes = [row["events"][0]["detail"]["data"]["box"] for row in rows]
    assert boxes == sorted(boxes)
    assert len(boxes) == 12
    for at in (0, 1, 7, 11):
        older = list(unsent(store, THINGS, before=minted_at(rows[at]["outboxId"])))
        assert older == rows[:at], "before means before"
    assert list(unsent(store, THINGS, before=now() + timedelta(seconds=1))) == rows


def test_lesson_failed_entry_count_never_read(store: Store) -> None:
    """One rejected entry keeps its row, with all its events; the other rows are done."""
    pack_and_tell(store, "good", "bad")
    pack_and_tell(store, "other")
    bus = FakeBus(rejects={"bad"})
    outcome = relay(store, bus, THINGS, list(unsent(store, THINGS)))
    assert (outcome.sent, list(outcome.failed.values())) == (1, ["too hot"])
    (kept,) = unsent(store, THINGS)
    assert len(kept["events"]) == 2
    bus.rejects.clear()
    relay(store, bus, THINGS, [kept])
    assert sorted(map(str, bus.subjects)) == ["bad", "good", "good", "other"]
    assert list(unsent(store, THINGS)) == []


def test_an_event_that_no_bus_would_take_is_refused_with_its_facts() -> None:
    with pytest.raises(InvalidWrite, match="Packed is larger than the 262144 bytes"):
        outbox_row(THINGS, [envelope(Packed(box="big", note="x" * 300_000))])


def test_a_rejected_event_is_offered_again_by_the_sweeper(engine: Engine) -> None:
    engine.bus = FakeBus(rejects={"hot"})  # type: ignore[assignment]
    with engine.group():
        engine.store.transact([outbox_row(THINGS, [envelope(Packed(box="hot"))])])
    relay_all(engine)
    assert len(list(unsent(engine.store, THINGS))) == 1
    engine.sweep()
    assert engine.has_unsent


def test_lesson_outbox_without_a_sweeper(folder: Path) -> None:
    """The process ends between commit and relay: the next one sends what it finds."""
    with sqlite_store(folder) as crashed:
        pack_and_tell(crashed, "a", "b")
    with sqlite_engine(folder) as engine:
        relay_all(engine)
        assert arrived(engine) == ["a", "b"]
        engine.sweep()
        assert not engine.has_unsent


class DiesBeforeDelete(Wrapped):
    """A store whose process ends before the relay can delete what it sent."""

    def transact(self, writes: Sequence[Write]) -> None:
        raise Crash


def test_events_sent_twice_by_a_crashed_relay_have_one_effect(store: Store) -> None:
    pack_and_tell(store, "a")
    bus = FakeBus()
    with pytest.raises(Crash):
        relay(DiesBeforeDelete(store), bus, THINGS, list(unsent(store, THINGS)))
    relay(store, bus, THINGS, list(unsent(store, THINGS)))
    assert bus.subjects == ["a", "a"]
    assert bus.published[0].id == bus.published[1].id

    inbox = Inbox("copier", THINGS)
    inbox.on(Packed, "box")(lambda event, unit: pack(unit, f"copy of {event.box}"))
    assert [inbox.deliver(store, each) for each in bus.published] == [True, False]
    assert weight(store, "copy of a") == 1


def test_the_relay_waits_for_the_commit(engine: Engine) -> None:
    with engine.group():
        engine.store.transact([outbox_row(THINGS, [envelope(Packed(box="a"))])])
        engine.relay()
        assert not engine.has_unsent
    relay_all(engine)
    assert arrived(engine) == ["a"]


def crash_after(engine: Engine, act: Callable[[], None]) -> None:
    with engine.group():
        act()
        raise Crash


def test_an_undone_group_announces_nothing(engine: Engine) -> None:
    with pytest.raises(Crash):
        crash_after(engine, lambda: engine.store.transact([outbox_row(THINGS, [envelope(Packed(box="a"))])]))
    assert not engine.has_unsent
    relay_all(engine)
    assert arrived(engine) == []


def test_an_undone_relay_is_done_again(engine: Engine, store: Store) -> None:
    pack_and_tell(store, "a")
    with pytest.raises(Crash):
        crash_after(engine, engine.relay)
    relay_all(engine)
    assert arrived(engine) == ["a"]


def test_a_sweep_in_the_group_that_stores_a_row_does_not_send_it_twice(engine: Engine) -> None:
    with engine.group():
        engine.store.transact([outbox_row(THINGS, [envelope(Packed(box="a"))])])
        engine.sweep()
    relay_all(engine)
    assert arrived(engine) == ["a"]
