"""Metrics as log lines in CloudWatch's embedded metric format: CloudWatch makes metrics of them, and so may others."""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Final

from .metrics import NAMESPACE, Dimensions, Recorded, record_time_left, take

MOST_VALUES: Final = 100  # of a metric in one line: CloudWatch takes no more

Line = dict[str, Any]
Values = dict[tuple[str, str], list[float]]  # by name and unit

encode: Final = json.JSONEncoder(separators=(",", ":")).encode  # made once: `json.dumps` would make one a line


def lines(function: str, recorded: Recorded, namespace: str = NAMESPACE) -> list[Line]:
    """One for each set of dimensions, and further ones for values that it does not hold."""
    moment = time.time_ns() // 1_000_000
    by_dimensions: defaultdict[Dimensions, Values] = defaultdict(dict)
    for (name, unit, dimensions), values in recorded.items():
        by_dimensions[dimensions][name, unit] = values
    return [
        {
            "timestamp": _rfc3339(moment),
            "level": "INFO",
            "function": function,
            "message": "metrics",
            "_aws": {"Timestamp": moment, "CloudWatchMetrics": [_directive(namespace, dimensions, part)]},
            **dict(dimensions),
            **{name: values[0] if len(values) == 1 else values for (name, _), values in part.items()},
        }
        for dimensions, series in by_dimensions.items()
        for part in _parts(series)
    ]


def flush(function: str, namespace: str = NAMESPACE) -> list[Line]:
    """At the end of an invocation: print what was recorded in it, and answer the same. `namespace` stands for ours."""
    found = lines(function, recorded, namespace) if (recorded := take()) else []
    for line in found:
        sys.stdout.write(encode(line) + "\n")
    return found


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
            record_time_left(context.get_remaining_time_in_millis() / allowed if allowed else 1)
            flush(function, namespace)

    return handle


def _parts(series: Values) -> Iterator[Values]:
    """So that none has too many values of a metric."""
    for start in range(0, max(map(len, series.values())), MOST_VALUES):
        cut = {name: values[start : start + MOST_VALUES] for name, values in series.items()}
        yield {name: values for name, values in cut.items() if values}


def _directive(namespace: str, dimensions: Dimensions, series: Values) -> Line:
    return {
        "Namespace": namespace,
        "Dimensions": [[name for name, _ in dimensions]],
        "Metrics": [{"Name": name, "Unit": unit} for name, unit in series],
    }


def _rfc3339(moment: int) -> str:
    seconds, milliseconds = divmod(moment, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{milliseconds:03}+00:00"
