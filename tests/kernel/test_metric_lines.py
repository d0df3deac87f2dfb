"""What is recorded in an invocation is printed at its end, once, in the form that CloudWatch reads."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from cartwheel.kernel import metrics
from cartwheel.kernel.metric_lines import flush, measured
from cartwheel.kernel.metrics import NEAR_TIMEOUT, Metric, Unit, record

SOLD = Metric("Sold", Unit.COUNT, "pieces sold", ("Kind",))
VISITS = Metric("Visits", Unit.COUNT, "visits")
SPEED = Metric("Speed", Unit.MILLISECONDS, "time taken")


class Context:
    """An invocation that may take ten seconds; each look at the clock finds it later."""

    def __init__(self, *left: int) -> None:
        self._left = iter(left)

    def get_remaining_time_in_millis(self) -> int:
        return next(self._left)


@pytest.fixture(autouse=True)
def nothing_left_over() -> Iterator[None]:
    metrics.take()
    yield
    assert metrics.take() == {}


def test_a_line_is_in_the_embedded_metric_format(capsys: pytest.CaptureFixture[str]) -> None:
    record(VISITS)
    record(VISITS, 2)
    record(SPEED, 1.5)
    record(SPEED, 2.5)
    (line,) = flush("shop-api", "Cartwheel/dev")
    assert json.loads(capsys.readouterr().out) == line
    told = line.pop("_aws")
    assert abs(told["Timestamp"] / 1000 - datetime.fromisoformat(line.pop("timestamp")).timestamp()) < 0.001
    assert told["CloudWatchMetrics"] == [
        {
            "Namespace": "Cartwheel/dev",
            "Dimensions": [[]],
            "Metrics": [{"Name": "Visits", "Unit": "Count"}, {"Name": "Speed", "Unit": "Milliseconds"}],
        }
    ]
    assert line == {"level": "INFO", "function": "shop-api", "message": "metrics", "Visits": 3, "Speed": [1.5, 2.5]}


def test_each_set_of_dimensions_has_a_line() -> None:
    for kind in ("bell", "lamp", "bell"):
        record(SOLD, Kind=kind)
    record(VISITS)
    lines = flush("shop-api")
    assert [(line.get("Kind"), line.get("Sold"), line.get("Visits")) for line in lines] == [
        ("bell", 2, None),
        ("lamp", 1, None),
        (None, None, 1),
    ]
    assert [line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] for line in lines] == [[["Kind"]], [["Kind"]], [[]]]


def test_a_line_holds_a_hundred_values_and_the_next_the_rest() -> None:
    record(VISITS)
    for value in range(250):
        record(SPEED, value)
    lines = flush("shop-api")
    assert [len(line["Speed"]) for line in lines] == [100, 100, 50]
    assert [line.get("Visits") for line in lines] == [1, None, None]
    assert [value for line in lines for value in line["Speed"]] == list(range(250))


def test_what_nobody_records_costs_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert flush("shop-api") == []
    assert capsys.readouterr().out == ""


def test_a_handler_that_fails_prints_what_it_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    def failing(_event: Any, _context: Any) -> Any:
        record(VISITS)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        measured(failing, "shop-api", "Cartwheel/dev")({}, Context(10_000, 9_000))
    line = json.loads(capsys.readouterr().out)
    assert (line["function"], line["Visits"]) == ("shop-api", 1)
    assert NEAR_TIMEOUT.name not in line


def test_a_handler_near_its_timeout_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert measured(lambda event, _: event, "slow")({"a": 1}, Context(10_000, 1_999)) == {"a": 1}
    assert json.loads(capsys.readouterr().out)[NEAR_TIMEOUT.name] == 1
