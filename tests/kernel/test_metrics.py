"""What is recorded in an invocation is taken once, counts added up, and everything else value by value."""

from collections.abc import Iterator

import pytest

from cartwheel.kernel import metrics
from cartwheel.kernel.metrics import NEAR_TIMEOUT, Metric, Unit, merge, record, record_time_left, take

SOLD = Metric("Sold", Unit.COUNT, "pieces sold", ("Kind",))
SPEED = Metric("Speed", Unit.MILLISECONDS, "time taken")

SOLD_BELLS = ("Sold", "Count", (("Kind", "bell"),))
SPEEDS = ("Speed", "Milliseconds", ())


@pytest.fixture(autouse=True)
def nothing_left_over() -> Iterator[None]:
    metrics.take()
    yield
    assert metrics.take() == {}


def test_what_is_recorded_is_taken_once() -> None:
    record(SOLD, Kind="bell")
    record(SOLD, 2, Kind="bell")
    record(SOLD, Kind="lamp")
    record(SPEED, 1.5)
    record(SPEED, 1.5)
    assert take() == {SOLD_BELLS: [3], ("Sold", "Count", (("Kind", "lamp"),)): [1], SPEEDS: [1.5, 1.5]}
    assert take() == {}


def test_what_was_taken_is_nobody_elses() -> None:
    record(SOLD, Kind="bell")
    taken = take()
    record(SOLD, Kind="bell")
    assert (taken, take()) == ({SOLD_BELLS: [1]}, {SOLD_BELLS: [1]})


def test_several_invocations_are_added_up() -> None:
    whole: metrics.Recorded = {}
    one: metrics.Recorded = {SOLD_BELLS: [1], SPEEDS: [1.5, 2]}
    merge(whole, one)
    merge(whole, {SOLD_BELLS: [2]})
    merge(whole, {SPEEDS: [3]})
    assert whole == {SOLD_BELLS: [3], SPEEDS: [1.5, 2, 3]}
    assert one == {SOLD_BELLS: [1], SPEEDS: [1.5, 2]}


@pytest.mark.parametrize("dimensions", [{}, {"Sort": "bell"}, {"Kind": "bell", "Sort": "x"}])
def test_other_dimensions_than_the_declared_are_refused(dimensions: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="Sold has the dimensions"):
        record(SOLD, 1, **dimensions)


@pytest.mark.parametrize(("left", "near"), [(0.0, True), (0.19, True), (0.2, False), (1.0, False)])
def test_nearness_to_the_timeout_is_recorded(left: float, near: bool) -> None:
    record_time_left(left)
    assert [values for (name, _, _), values in take().items() if name == NEAR_TIMEOUT.name] == [[1]] * near
