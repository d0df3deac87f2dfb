"""Metrics: counted while a function works, and printed at its end in CloudWatch's embedded metric format.

    record(ORDERS, State="placed") ─┐
    record(LATENCY, 31.5) ──────────┼─► flush() ─► one JSON line in the log for each set of dimensions
    record(LATENCY, 28.0) ──────────┘             (CloudWatch makes metrics of it, the embedded host its charts)

What nobody records costs nothing: no line, no metric. A process that dies loses what it had not printed yet.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any, Final

NAMESPACE: Final = "Cartwheel"
MOST_VALUES: Final = 100  # of a metric in one line: CloudWatch takes no more
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

Dimensions = tuple[tuple[str, str], ...]
Line = dict[str, Any]

_encode: Final = json.JSONEncoder(separators=(",", ":")).encode  # made once: `json.dumps` would make one a line
_recorded: dict[Dimensions, dict[Metric, list[float]]] = {}


def record(metric: Metric, value: float = 1, **dimensions: str) -> None:
    """Measured in the present invocation. Raises ValueError when the dimensions are not those of the metric."""
    if dimensions.keys() != set(metric.dimensions):
        raise ValueError(f"{metric.name} has the dimensions {metric.dimensions}, not {tuple(dimensions)}")
    values = _recorded.setdefault(tuple(sorted(dimensions.items())), {}).setdefault(metric, [])
    if values and metric.unit is Unit.COUNT:
        values[0] += value
    else:
        values.append(value)


def flush(function: str, namespace: str = NAMESPACE) -> list[Line]:
    """At the end of an invocation: print what was recorded in it, and answer the same. `namespace` stands for ours."""
    if not _recorded:
        return []
    moment = time.time_ns() // 1_000_000
    lines = [
        line
        for dimensions, metrics in _recorded.items()
        for line in _lines(function, namespace, moment, dimensions, metrics)
    ]
    _recorded.clear()
    for line in lines:
        sys.stdout.write(_encode(line) + "\n")
    return lines


def measured(
    handler: Callable[[Any, Any], Any], function: str, namespace: str = NAMESPACE
) -> Callable[[Any, Any], Any]:
    """The handler of a function, whose metrics are printed whether it answers or fails."""

    @wraps(handler)
    def handle(event: Any, context: Any) -> Any:
        allowed = context.get_remaining_time_in_millis()
        try:
            return handler(event, context)
        finally:
            finish(context.get_remaining_time_in_millis() / allowed if allowed else 1, function, namespace)

    return handle


def finish(left: float, function: str, namespace: str = NAMESPACE) -> list[Line]:
    """The end of an invocation that had this part of its time left."""
    if left < NEAR:
        record(NEAR_TIMEOUT)
    return flush(function, namespace)


def _lines(
    function: str, namespace: str, moment: int, dimensions: Dimensions, metrics: Mapping[Metric, list[float]]
) -> list[Line]:
    """One line, and further ones for values that it does not hold."""
    lines = []
    for start in range(0, max(map(len, metrics.values())), MOST_VALUES):
        part = {metric: values[start : start + MOST_VALUES] for metric, values in metrics.items()}
        part = {metric: values for metric, values in part.items() if values}
        directive = {
            "Namespace": namespace,
            "Dimensions": [[name for name, _ in dimensions]],
            "Metrics": [{"Name": metric.name, "Unit": metric.unit.value} for metric in part],
        }
        lines.append(
            {
                "timestamp": _rfc3339(moment),
                "level": "INFO",
                "function": function,
                "message": "metrics",
                "_aws": {"Timestamp": moment, "CloudWatchMetrics": [directive]},
                **dict(dimensions),
                **{metric.name: values[0] if len(values) == 1 else values for metric, values in part.items()},
            }
        )
    return lines


def _rfc3339(moment: int) -> str:
    seconds, milliseconds = divmod(moment, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{milliseconds:03}+00:00"
