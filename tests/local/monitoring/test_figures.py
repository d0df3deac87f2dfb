"""Of many values as much is kept as sums, extremes and percentiles need."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartwheel.local.monitoring.figures import Figures, merged

VALUES = st.lists(
    st.floats(0, 1e6, allow_subnormal=False).map(lambda value: 0.0 if value < 1e-6 else value), min_size=1
)


def of(values: list[float]) -> Figures:
    figures = Figures()
    for value in values:
        figures.add(value)
    return figures


def test_the_statistics_are_those_of_the_values() -> None:
    figures = of([3, 1, 2])
    assert [figures.statistic(name) for name in ("Sum", "Average", "Minimum", "Maximum")] == [6, 2, 1, 3]


@given(VALUES, st.sampled_from([50, 90, 99]))
def test_a_percentile_is_as_good_as_a_bin_is_narrow(values: list[float], percent: int) -> None:
    exact = sorted(values)[math.ceil(len(values) * percent / 100) - 1]
    assert of(values).percentile(percent) == pytest.approx(exact, rel=0.026)


@given(st.lists(VALUES, min_size=1, max_size=4))
def test_merging_is_as_if_all_had_been_added_to_one(parts: list[list[float]]) -> None:
    whole, sewn = of([value for part in parts for value in part]), merged(map(of, parts))
    assert (sewn.count, sewn.low, sewn.high, sewn.bins) == (whole.count, whole.low, whole.high, whole.bins)
    assert sewn.total == pytest.approx(whole.total)
