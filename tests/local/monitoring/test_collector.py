"""Values are counted by the minute, under AWS's own names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartwheel.kernel import metrics
from cartwheel.kernel.metrics import Metric, Unit
from cartwheel.local.monitoring import collector as collecting
from cartwheel.local.monitoring.collector import Collector, tally
from cartwheel.local.monitoring.figures import Figures, key
from cartwheel.local.monitoring.tally import Taken, key_of

EGGS = Metric("Eggs", Unit.COUNT, "laid", ("Hen",))
WEIGHT = Metric("Weight", Unit.NONE, "in grams")


def taken_by(collector: Collector) -> Taken:
    return tally(collector.drain()).figures()


def test_an_invocation_counts_for_its_function_and_for_all() -> None:
    collector = Collector(lambda: 125.0)
    collector.invoked("payment-events", 0.25, failed=True, recorded={})
    collector.invoked("ordering-events", 0.5, failed=False, recorded={})
    taken = taken_by(collector)
    assert list(taken) == [120]
    one: dict[str, str] = {"FunctionName": "payment-events"}
    every: dict[str, str] = {}
    sums = {
        name: [taken[120][key("AWS/Lambda", name, **by)].total for by in (one, every)]
        for name in ("Invocations", "Errors", "Throttles", "Duration")
    }
    assert sums == {"Invocations": [1, 2], "Errors": [1, 1], "Throttles": [0, 0], "Duration": [250, 750]}
    assert taken_by(collector) == {}


def test_answers_are_counted_by_their_class() -> None:
    collector = Collector(lambda: 0.0)
    for status in (200, 404, 429, 500):
        collector.answered(status, 0.01)
    api = {name: figures.total for (_, name, _), figures in taken_by(collector)[0].items()}
    assert (api["Count"], api["4xx"], api["5xx"], round(api["Latency"])) == (4, 2, 1, 40)


def test_what_functions_recorded_is_taken_in() -> None:
    metrics.record(EGGS, Hen="Berta")
    metrics.record(EGGS, 2, Hen="Berta")
    metrics.record(WEIGHT, 50)
    metrics.record(WEIGHT, 60)
    collector = Collector(lambda: 0.0)
    collector.invoked("hen-house", 0.1, False, metrics.take())
    taken = taken_by(collector)[0]
    assert taken[key_of(EGGS, {"Hen": "Berta"})].total == 3
    assert (taken[key_of(WEIGHT)].count, taken[key_of(WEIGHT)].high) == (2, 60)


def test_what_functions_recorded_is_kept_for_their_logs_too() -> None:
    collector = Collector(lambda: 0.0)
    for weight in (50, 60):
        metrics.record(EGGS, Hen="Berta")
        metrics.record(WEIGHT, weight)
        collector.invoked("hen-house", 0.1, False, metrics.take())
    collector.invoked("barn", 0.1, False, metrics.take())
    assert tally(collector.drain()).recorded == {
        "hen-house": {("Eggs", "Count", (("Hen", "Berta"),)): [2], ("Weight", "None", ()): [50, 60]}
    }


def test_an_invocation_that_was_refused_did_not_end() -> None:
    collector = Collector(lambda: 0.0)
    collector.throttled("payment-events")
    names = {name: figures.statistic("Sum") for (_, name, _), figures in taken_by(collector)[0].items()}
    assert names == {"Throttles": 1}


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 100)), min_size=1, max_size=20), st.integers(0, 3))
def test_figures_are_those_of_one_value_for_each_invocation(ended: list[tuple[bool, float]], refused: int) -> None:
    collector = Collector(lambda: 0.0)
    for failed, seconds in ended:
        collector.invoked("f", seconds, failed, {})
    for _ in range(refused):
        collector.throttled("f")
    each: dict[str, list[float]] = {
        "Invocations": [1.0 for _ in ended],
        "Errors": [float(failed) for failed, _ in ended],
        "Throttles": [0.0 for _ in ended] + [1.0] * refused,
        "Duration": [seconds * 1000 for _, seconds in ended],
    }
    taken = taken_by(collector)[0]
    for name, values in each.items():
        expected = Figures()
        for value in values:
            expected.add(value)
        assert taken[key("AWS/Lambda", name, FunctionName="f")] == taken[key("AWS/Lambda", name)] == expected


def test_what_nobody_fetches_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "MOST", 3)
    collector = Collector(lambda: 0.0)
    for _ in range(2):
        collector.drain()
        for value in range(10):
            collector.add(key_of(WEIGHT), value)
    assert taken_by(collector)[0][key_of(WEIGHT)].total == 7 + 8 + 9


def test_a_value_counts_for_the_minute_in_which_it_was_noted() -> None:
    moments = iter([59.9, 60.0, 179.0])
    collector = Collector(lambda: next(moments))
    collector.add(key_of(WEIGHT), 1)
    collector.invoked("f", 0.1, False, {})
    collector.answered(200, 0.1)
    assert list(taken_by(collector)) == [0, 120, 60]
