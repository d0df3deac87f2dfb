"""Metrics: declared as values, counted while a function works, taken at the end of its invocation.

    record(ORDERS, State="placed") ─┐
    record(LATENCY, 31.5) ──────────┼─► take() ─► on AWS: lines in the log, of which CloudWatch makes metrics
    record(LATENCY, 28.0) ──────────┘             here: the host, for its charts, and for such lines every few seconds

What nobody records costs nothing. A process that dies loses what was not taken yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

NAMESPACE: Final = "Cartwheel"
NEAR: Final = 0.2  # of the time that an invocation may take: less than that left is near the timeout


class Unit(StrEnum):
    """CloudWatch's names."""

    COUNT = "Count"
    MILLISECONDS = "Milliseconds"
    SECONDS = "Seconds"
    PERCENT = "Percent"
    NONE = "None"


@dataclass(frozen=True, slots=True)
class Metric:
    """Something that is measured. `dimensions` are the names by which it is told apart; each value is a metric of its
    own, and is paid for, so there may be few of them and never a person's.

    Counts of an invocation are added up; of everything else each value is kept, for averages and percentiles.
    """

    name: str
    unit: Unit
    meaning: str
    dimensions: tuple[str, ...] = ()
    namespace: str = NAMESPACE


NEAR_TIMEOUT: Final = Metric(
    "InvocationsNearTimeout",
    Unit.COUNT,
    f"invocations that used more than {1 - NEAR:.0%} of the time they may take",
)

Dimensions = tuple[tuple[str, str], ...]  # in the order of their names
Series = tuple[str, str, Dimensions]  # name and unit: texts alone, since it travels between processes
Recorded = dict[Series, list[float]]

_recorded: Recorded = {}


def record(metric: Metric, value: float = 1, **dimensions: str) -> None:
    """Measured in the present invocation. Raises ValueError when the dimensions are not those of the metric."""
    if dimensions.keys() != set(metric.dimensions):
        raise ValueError(f"{metric.name} has the dimensions {metric.dimensions}, not {tuple(dimensions)}")
    _add(_recorded, (metric.name, metric.unit.value, tuple(sorted(dimensions.items()))), (value,))


def record_time_left(part: float) -> None:
    """The invocation is at its end, and had this part of its time left."""
    if part < NEAR:
        record(NEAR_TIMEOUT)


def take() -> Recorded:
    """What was recorded since it was last taken."""
    taken = _recorded.copy()
    _recorded.clear()
    return taken


def merge(all_of_it: Recorded, more: Recorded) -> None:
    """Add what was recorded in another invocation."""
    for series, values in more.items():
        _add(all_of_it, series, values)


def _add(recorded: Recorded, series: Series, values: Sequence[float]) -> None:
    present = recorded.setdefault(series, [])
    if present and series[1] == Unit.COUNT:
        present[0] += values[0]
    else:
        present.extend(values)
