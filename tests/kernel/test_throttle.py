"""A token bucket for each client, in bounded memory."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartwheel.kernel.errors import TooManyRequests
from cartwheel.kernel.throttle import Rate, Throttle


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Bucket:
    """As in the textbook: tokens that come back with time, to be compared with."""

    rate: Rate
    tokens: float
    at: float

    def take(self, now: float) -> bool:
        self.tokens = min(self.rate.burst, self.tokens + (now - self.at) * self.rate.per_second)
        self.at = now
        taken = self.tokens >= 1 - 1e-6
        self.tokens -= taken
        return taken


def admitted(throttle: Throttle, client: str = "a") -> bool:
    try:
        throttle.admit(client, "reading")
    except TooManyRequests:
        return False
    return True


@given(
    per_second=st.sampled_from([0.5, 1, 5, 50]),
    burst=st.integers(1, 8),
    steps=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 40)), max_size=60),
)
def test_it_is_a_token_bucket_for_each_client(per_second: float, burst: int, steps: list[tuple[str, int]]) -> None:
    clock, rate = Clock(), Rate(per_second, burst)
    throttle = Throttle({"reading": rate}, clock)
    buckets = {client: Bucket(rate, burst, clock.now) for client in "abc"}
    for client, pause in steps:
        clock.now += pause / 64 / per_second  # fractions that floats hold exactly enough
        assert admitted(throttle, client) == buckets[client].take(clock.now)


@given(
    per_second=st.floats(0.1, 1000), burst=st.integers(1, 300), hundredths=st.lists(st.integers(0, 300), max_size=80)
)
def test_who_waits_as_long_as_told_is_let_in(per_second: float, burst: int, hundredths: list[int]) -> None:
    clock = Clock()
    throttle = Throttle({"reading": Rate(per_second, burst)}, clock)
    for pause in hundredths:
        clock.now += pause / 100
        try:
            throttle.admit("a", "reading")
        except TooManyRequests as refused:
            clock.now += int(refused.headers["Retry-After"])
            assert admitted(throttle)


def test_what_is_refused_costs_nothing_more() -> None:
    clock = Clock()
    throttle = Throttle({"reading": Rate(1, burst=2)}, clock)
    assert [admitted(throttle) for _ in range(100)] == [True, True, *[False] * 98]
    clock.now += 1
    assert [admitted(throttle) for _ in range(2)] == [True, False]


def test_paces_and_clients_do_not_meet() -> None:
    throttle = Throttle({"reading": Rate(1, 1), "writing": Rate(1, 1)}, Clock())
    for pace in ("reading", "writing"):
        throttle.admit("a", pace)
        with pytest.raises(TooManyRequests, match="More than 1 requests a second"):
            throttle.admit("a", pace)
    throttle.admit("b", "reading")


def test_its_memory_is_bounded_and_the_longest_silent_is_forgotten() -> None:
    throttle = Throttle({"reading": Rate(0.001, burst=1)}, Clock(), most=100)
    assert admitted(throttle, "loud")
    for number in range(1000):
        assert admitted(throttle, f"client {number}")
        if number % 50 == 0:
            assert not admitted(throttle, "loud")  # asks on, is refused, and forgotten only when it is silent
    assert len(throttle._full_at) == 100
    assert admitted(throttle, "client 1")
