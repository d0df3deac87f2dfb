"""Limits, by a clock that the test turns."""

import pytest

from cartwheel.local.userpool.errors import Refused
from cartwheel.local.userpool.limits import SIZE, Buckets, Lockouts, Recent


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_fills_again() -> None:
    clock = Clock()
    bucket = Buckets(3, 10.0, clock)
    assert [bucket.take("a") for _ in range(4)] == [True, True, True, False]
    assert bucket.take("b")
    clock.now += 9
    assert not bucket.take("a")
    clock.now += 1.1
    assert [bucket.take("a"), bucket.take("a")] == [True, False]
    clock.now += 1e6
    assert [bucket.take("a") for _ in range(4)] == [True, True, True, False]
    bucket.give_back("a")
    assert bucket.take("a")


def test_what_is_given_back_never_overflows() -> None:
    bucket = Buckets(2, 10.0, Clock())
    for _ in range(5):
        bucket.give_back("a")
    assert [bucket.take("a") for _ in range(3)] == [True, True, False]


def locked(lockouts: Lockouts, name: str) -> bool:
    """Without an attempt that would count."""
    trial = Lockouts(lockouts.clock)
    trial.seen.put(name, lockouts.seen.get(name, (0, 0.0, 0.0)))
    try:
        trial.attempt(name)
    except Refused as refused:
        return refused.text == "Password attempts exceeded"
    return False


def test_each_failure_after_the_fifth_locks_for_twice_as_long() -> None:
    clock, waits = Clock(), []
    lockouts = Lockouts(clock)
    for _ in range(4):
        lockouts.attempt("ann")
    for _ in range(12):
        lockouts.attempt("ann")
        wait = 0.0
        while locked(lockouts, "ann"):
            clock.now, wait = clock.now + 0.5, wait + 0.5
        waits.append(wait)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    lockouts.succeeded("ann")
    for _ in range(4):
        lockouts.attempt("ann")


def test_many_at_once_are_no_way_around() -> None:
    lockouts = Lockouts(Clock())
    for _ in range(5):
        lockouts.attempt("ann")
    with pytest.raises(Refused):
        lockouts.attempt("ann")


def test_old_failures_are_forgiven() -> None:
    clock = Clock()
    lockouts = Lockouts(clock)
    for _ in range(4):
        lockouts.attempt("ann")
    clock.now += 86401
    for _ in range(5):
        lockouts.attempt("ann")


def test_memory_is_bounded_and_the_latest_are_remembered() -> None:
    recent: Recent[int] = Recent()
    for number in range(SIZE + 50):
        recent.put(str(number), number)
    assert len(recent) == SIZE
    assert (recent.get("0", -1), recent.get(str(SIZE), -1)) == (-1, SIZE)
