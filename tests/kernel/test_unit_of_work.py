"""A use case is one transaction, decided again on fresh reads when others were faster."""

import pytest

from cartwheel.kernel.conditions import Equals, Missing, NotExists
from cartwheel.kernel.errors import Busy
from cartwheel.kernel.store import Put, Store, Update
from cartwheel.kernel.unit_of_work import ATTEMPTS, UnitOfWork, run
from tests.contract.adapters import THINGS

from .world import Overtaken, box_key, cause, put, weight


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, which are not waited for."""
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    return pauses


def add_one(unit: UnitOfWork) -> int:
    """Read, decide, write on condition that nothing changed meanwhile."""
    before = weight(unit.store, "a")
    condition = Equals("weight", before) if before else Missing("weight")
    unit.write(Update(THINGS, box_key("a"), set={"weight": before + 1}, condition=condition))
    return before + 1


def test_the_result_is_what_the_work_answers(store: Store) -> None:
    assert run(store, THINGS, cause(), add_one) == 1
    assert weight(store, "a") == 1


def test_no_update_is_lost_against_faster_writers(store: Store) -> None:
    slow = Overtaken(store, [lambda: _assert_done(store)] * (ATTEMPTS - 1))
    assert run(slow, THINGS, cause(), add_one) == ATTEMPTS
    assert weight(store, "a") == ATTEMPTS


def _assert_done(store: Store) -> None:
    assert run(store, THINGS, cause(), add_one)


def test_busy_when_others_are_always_faster(store: Store, no_waiting: list[float]) -> None:
    slow = Overtaken(store, [lambda: _assert_done(store)] * ATTEMPTS)
    with pytest.raises(Busy) as raised:
        run(slow, THINGS, cause(), add_one)
    assert raised.value.headers["Retry-After"]
    assert weight(store, "a") == ATTEMPTS
    assert len(no_waiting) == ATTEMPTS
    assert max(no_waiting) < 1


def test_a_mark_that_is_there_means_done_before(store: Store) -> None:
    def mark(_: object) -> Put:
        return Put(THINGS, put("mark").item, NotExists())

    assert run(store, THINGS, cause(), add_one, mark) == 1
    assert run(store, THINGS, cause(), add_one, mark) is None
    assert weight(store, "a") == 1


def test_work_that_changes_nothing_needs_no_transaction(store: Store) -> None:
    def no_transaction() -> None:
        raise AssertionError("there was a transaction")

    assert run(Overtaken(store, [no_transaction]), THINGS, cause(), lambda _: "looked") == "looked"


def test_what_the_work_raises_comes_out_and_nothing_is_stored(store: Store) -> None:
    def fails(unit: UnitOfWork) -> None:
        add_one(unit)
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        run(store, THINGS, cause(), fails)
    assert weight(store, "a") == 0
