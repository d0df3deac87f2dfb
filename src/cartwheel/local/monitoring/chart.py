"""Charts as SVG, drawn here, so that the page needs no script and nothing from elsewhere."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .history import DAY

WIDTH: Final = 360
HEIGHT: Final = 150
LEFT, RIGHT, TOP, BOTTOM = 38, 6, 8, 20  # room around the plot
LINES: Final = 3  # of the grid, above the axis
MARGIN: Final = 16  # half a label of the time axis
STEPS: Final = (15 * 60, 3600, 6 * 3600, DAY, 2 * DAY)  # seconds between such labels
STYLES: Final = 6  # lines that look different

Points = Sequence[float | None]


@dataclass(frozen=True)
class Scale:
    """From values and their places to the picture's coordinates."""

    count: int
    top: float

    def x(self, place: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (place + 0.5) / max(self.count, 1)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.top


def chart(widget: dict[str, Any]) -> str:
    """The picture; what it shows is in words beside it."""
    series = widget["series"]
    highest = max((_peak(each["points"]) for each in series), default=-math.inf)
    scale = Scale(widget["count"], nice(highest, whole=_is_whole(series)))
    if highest == -math.inf:
        parts = [
            *_axis(scale),
            *_times(widget, scale),
            _nothing("nothing above 0" if widget["left_out"] else "no data"),
        ]
    else:
        parts = [*_axis(scale), *_grid(scale), *_times(widget, scale)]
    for number, each in enumerate(series):
        parts += _line(each["points"], scale, number, filled=len(series) == 1)
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}"'
    return f'<svg {box} aria-hidden="true" focusable="false">{"".join(parts)}</svg>'


def loudest(series: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """All, where they can be told apart; else those with the highest points, the highest first, as far as there are."""
    if len(series) <= STYLES:
        return list(series)
    heard = sorted(series, key=lambda each: -_peak(each["points"]))[:STYLES]
    return [each for each in heard if _peak(each["points"]) > 0]


def _peak(points: Points) -> float:
    return max((point for point in points if point is not None), default=-math.inf)


def nice(highest: float, whole: bool = False) -> float:
    """The upper end of an axis: a round number that the grid divides well."""
    if highest <= 0:
        return LINES if whole else 1.0
    step = highest / LINES
    size = 10.0 ** math.floor(math.log10(step))
    rounded = next(each * size for each in (1, 2, 2.5, 5, 10) if each * size >= step * 0.9999)
    return LINES * (max(1.0, math.ceil(rounded)) if whole else rounded)


def short(value: float) -> str:
    """A number in a few letters: 0.25, 12, 3.4k, 2M."""
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g}{letter}"
    return f"{value:.3g}"


def _is_whole(series: Sequence[dict[str, Any]]) -> bool:
    return all(each["unit"] == "Count" for each in series)


def _axis(scale: Scale) -> Iterator[str]:
    y = f"{scale.y(0):.1f}"
    yield f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'


def _nothing(text: str) -> str:
    return f'<text class="nothing" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT / 2}" text-anchor="middle">{text}</text>'


def _grid(scale: Scale) -> Iterator[str]:
    for number in range(LINES + 1):
        value = scale.top * number / LINES
        y = f"{scale.y(value):.1f}"
        if number:
            yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text class="tick" x="{LEFT - 5}" y="{y}" dy="3.5" text-anchor="end">{short(value)}</text>'


def _times(widget: dict[str, Any], scale: Scale) -> Iterator[str]:
    """A few round moments below the axis, in UTC."""
    start, period = widget["start"], widget["period"]
    end = start + period * scale.count
    step = next((each for each in STEPS if (end - start) / each <= 5), STEPS[-1])
    for moment in range(-(-start // step) * step, end, step):
        x = scale.x(0) + (scale.x(1) - scale.x(0)) * (moment - start) / period
        if LEFT + MARGIN <= x <= WIDTH - MARGIN:
            text = time.strftime("%H:%M" if step < DAY else "%d %b", time.gmtime(moment))
            yield f'<text class="tick" x="{x:.1f}" y="{HEIGHT - 5}" text-anchor="middle">{text}</text>'


def _line(points: Points, scale: Scale, style: int, filled: bool) -> Iterator[str]:
    """A line, with gaps where there was nothing; a value all alone is a dot."""
    for run in _runs(points):
        path = " ".join(f"{scale.x(place):.1f},{scale.y(value):.1f}" for place, value in run)
        (first, value), (last, _) = run[0], run[-1]
        if len(run) == 1:
            yield f'<circle class="dot s{style}" cx="{scale.x(first):.1f}" cy="{scale.y(value):.1f}" r="2"/>'
            continue
        if filled:
            floor = f"{scale.y(0):.1f}"
            yield f'<polygon class="area" points="{scale.x(first):.1f},{floor} {path} {scale.x(last):.1f},{floor}"/>'
        yield f'<polyline class="line s{style}" points="{path}"/>'


def _runs(points: Points) -> Iterator[list[tuple[int, float]]]:
    run: list[tuple[int, float]] = []
    for place, value in enumerate(points):
        if value is not None:
            run.append((place, value))
        elif run:
            yield run
            run = []
    if run:
        yield run
