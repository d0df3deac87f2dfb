"""Charts are drawn so that they can be read: round numbers, gaps where nothing was, the loudest lines."""

import re
from typing import Any

import pytest

from cartwheel.local.monitoring.chart import chart, loudest, nice, short

NOON = 1_700_049_600


def widget(*lines: list[float | None], unit: str = "Count") -> dict[str, Any]:
    series = [{"label": str(number), "unit": unit, "points": points} for number, points in enumerate(lines)]
    return {"title": "T", "start": NOON, "period": 60, "count": len(lines[0]), "series": series, "left_out": 0}


@pytest.mark.parametrize(("highest", "top"), [(0.7, 0.75), (1, 1.5), (7, 7.5), (44, 60), (150, 150), (2999, 3000)])
def test_an_axis_ends_at_a_round_number(highest: float, top: float) -> None:
    assert nice(highest) == pytest.approx(top)


@pytest.mark.parametrize(("highest", "top"), [(0, 3), (1, 3), (4, 6), (7, 9), (44, 60)])
def test_things_are_counted_in_whole_numbers(highest: float, top: float) -> None:
    assert nice(highest, whole=True) == top


@pytest.mark.parametrize(("value", "text"), [(0.25, "0.25"), (12, "12"), (3400, "3.4k"), (2e6, "2M"), (0, "0")])
def test_numbers_are_short(value: float, text: str) -> None:
    assert short(value) == text


def test_a_line_has_gaps_where_nothing_was_and_dots_where_one_stands_alone() -> None:
    drawn = chart(widget([1, 2, None, 3, None, 4, 5]))
    assert (drawn.count("<polyline"), drawn.count("<circle"), drawn.count("<polygon")) == (2, 1, 2)


def test_points_are_inside_the_picture() -> None:
    drawn = chart(widget([0, 50, 100], [7, 8, 9]))
    for points in re.findall(r'points="([^"]+)"', drawn):
        for pair in points.split():
            x, y = map(float, pair.split(","))
            assert 0 <= x <= 360
            assert 0 <= y <= 150


def test_nothing_is_said_to_be_nothing() -> None:
    assert "no data" in chart(widget([None, None]))


def test_of_many_lines_the_loudest_are_shown() -> None:
    many: list[dict[str, Any]] = [{"points": [float(number)]} for number in range(10)] + [{"points": [None]}]
    assert [each["points"] for each in loudest(many)] == [[9], [8], [7], [6], [5], [4]]
    assert loudest([{"points": [0.0]}] * 10) == []
    few: list[dict[str, Any]] = [{"points": [0.0]}, {"points": [None]}]
    assert loudest(few) == few
