"""One key, one effect, one answer; only success is remembered."""

from datetime import timedelta
from typing import Any

import pytest

from cartwheel.kernel import idempotency
from cartwheel.kernel.clock import epoch, now
from cartwheel.kernel.conditions import NotExists
from cartwheel.kernel.errors import Conflict, Invalid
from cartwheel.kernel.idempotency import Answer, Claim, execute
from cartwheel.kernel.store import EXPIRES, Put, Store
from cartwheel.kernel.unit_of_work import UnitOfWork
from tests.contract.adapters import THINGS

from .world import Overtaken, cause, pack, put, weight

CLAIM = Claim.of("alice", "key", "POST", "/boxes", "", '{"box": "a"}')


def packing(status: int = 202, body: str = "packed") -> Any:
    def work(unit: UnitOfWork) -> Answer:
        pack(unit, "a")
        return Answer(status, body)

    return work


def run(store: Store, claim: Claim | None = CLAIM, work: Any = None) -> Answer:
    return execute(store, THINGS, cause(), claim, work or packing())


def test_without_a_key_every_request_counts(store: Store) -> None:
    assert [run(store, None) for _ in range(2)] == [Answer(202, "packed")] * 2
    assert weight(store, "a") == 2


def test_the_same_request_gets_the_same_answer_and_has_one_effect(store: Store) -> None:
    assert run(store) == Answer(202, "packed")
    assert run(store, work=packing(500, "never")) == Answer(202, "packed", replayed=True)
    assert weight(store, "a") == 1


@pytest.mark.parametrize("position", range(4))
def test_the_same_key_with_another_request_is_refused(store: Store, position: int) -> None:
    run(store)
    request = ["POST", "/boxes", "", '{"box": "a"}']
    request[position] += "x"
    with pytest.raises(Invalid, match="another request"):
        run(store, Claim.of("alice", "key", *request))
    assert weight(store, "a") == 1


def test_a_fingerprint_knows_where_its_parts_end() -> None:
    assert Claim.of("a", "k", "POST", "/x", "y").fingerprint != Claim.of("a", "k", "POST", "/", "xy").fingerprint


@pytest.mark.parametrize(
    ("one", "other"), [(("alice", "key"), ("bob", "key")), (("a#b", "c"), ("a", "b#c")), (("", "a#b"), ("b", "a"))]
)
def test_callers_do_not_meet_in_a_key(store: Store, one: tuple[str, str], other: tuple[str, str]) -> None:
    for caller, key in (one, other):
        assert not run(store, Claim.of(caller, key, "request")).replayed
    assert weight(store, "a") == 2


def test_a_guest_and_a_customer_of_that_name_do_not_meet(store: Store) -> None:
    assert Claim.of("", "k").record_key() != Claim.of("guest", "k").record_key()


def test_a_twin_that_finishes_first_gives_its_answer(store: Store) -> None:
    slow = Overtaken(store, [lambda: _assert(run(store, work=packing(202, "first")) == Answer(202, "first"))])
    assert run(slow, work=packing(202, "second")) == Answer(202, "first", replayed=True)
    assert weight(store, "a") == 1


def _assert(fact: bool) -> None:
    assert fact


def test_a_twin_that_made_this_one_fail_gives_its_answer(store: Store) -> None:
    """The work itself finds that what it is to do is done: that is no conflict for the caller."""

    def only_once(unit: UnitOfWork) -> Answer:
        if not twins:
            return packing()(unit)  # type: ignore[no-any-return]
        twins.pop()
        run(store)
        raise Conflict("done already")

    twins = [1]
    assert run(store, work=only_once) == Answer(202, "packed", replayed=True)
    assert weight(store, "a") == 1


def test_a_twin_with_another_request_is_told_so(store: Store) -> None:
    other = Claim.of("alice", "key", "another")
    slow = Overtaken(store, [lambda: _assert(not run(store, other).replayed)])
    with pytest.raises(Invalid, match="another request"):
        run(slow)
    assert weight(store, "a") == 1


def test_losing_against_somebody_else_means_deciding_again(store: Store) -> None:
    """Without a twin: the work's own condition failed."""

    def create(unit: UnitOfWork) -> Answer:
        if weight(unit.store, "a"):
            return Answer(200, "was there")
        unit.write(Put(THINGS, put("a", weight=1).item, NotExists()))
        return Answer(201, "made")

    slow = Overtaken(store, [lambda: store.transact([put("a", weight=9)])])
    assert run(slow, work=create) == Answer(200, "was there")
    assert run(store, work=create) == Answer(200, "was there", replayed=True)


def test_lesson_idempotency_remembers_a_failure_as_done(store: Store) -> None:
    def fails(unit: UnitOfWork) -> Answer:
        pack(unit, "a")
        raise failure

    for failure in (Conflict("not now"), RuntimeError("broken")):
        with pytest.raises(type(failure)):
            run(store, work=fails)
    assert weight(store, "a") == 0
    assert run(store) == Answer(202, "packed")
    assert weight(store, "a") == 1


@pytest.mark.parametrize("passed", [0, 1, 1000])
def test_a_key_can_be_used_again_after_its_time(store: Store, monkeypatch: pytest.MonkeyPatch, passed: int) -> None:
    """Though the store has not removed the record yet; to the second in which `get` sees it no longer."""
    run(store)
    key = CLAIM.record_key()
    record = store.get(THINGS, key)
    assert record
    assert record[EXPIRES] == pytest.approx(epoch(now() + timedelta(hours=24)), abs=2)
    monkeypatch.setattr(idempotency, "REMEMBERED", timedelta(seconds=-passed))
    store.transact([Put(THINGS, {**record, EXPIRES: epoch(now()) - passed})])
    assert store.get(THINGS, key) is None
    assert run(store) == Answer(202, "packed")
    assert weight(store, "a") == 2


def test_the_record_is_part_of_the_transaction(store: Store) -> None:
    """No record without its effect: what cannot be stored is not remembered."""

    def too_much(unit: UnitOfWork) -> Answer:
        unit.write(*[put(str(number)) for number in range(100)])
        return Answer(202, "")

    with pytest.raises(Exception, match="101"):
        run(store, work=too_much)
    assert store.get(THINGS, CLAIM.record_key()) is None
