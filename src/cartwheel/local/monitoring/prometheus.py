"""The metrics for Prometheus, in its text format 0.0.4."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from cartwheel.kernel.metrics import Metric, Unit

from .figures import Figures, Key
from .history import History

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS: Final = {Unit.SECONDS: 1.0, Unit.MILLISECONDS: 0.001}  # Prometheus wants base units
_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_QUANTILES: Final = (50, 90, 99)


def exposition(history: History, metrics: Iterable[Metric], gauges: frozenset[Metric]) -> bytes:
    """`gauges` are those of which the newest value counts, not their sum: the highest of its minute."""
    found: dict[tuple[str, str], list[tuple[Key, int, float]]] = defaultdict(list)
    for key, count, total in history.totals():
        found[key[:2]].append((key, count, total))
    lines: list[str] = []
    for metric in metrics:
        series = found.get((metric.namespace, metric.name), [])
        series = [each for each in series if each[0][2]] or series  # not also what is their sum
        if series:
            lines += _family(history, metric, series, metric in gauges)
    return ("\n".join(lines) + "\n").encode()


def _family(history: History, metric: Metric, series: list[tuple[Key, int, float]], is_gauge: bool) -> Iterator[str]:
    name, factor = family_name(metric), _SECONDS.get(metric.unit, 1.0)
    kind = "gauge" if is_gauge else "counter" if metric.unit is Unit.COUNT else "summary"
    name += "_total" if kind == "counter" else ""
    yield f"# HELP {name} {metric.meaning}"
    yield f"# TYPE {name} {kind}"
    for key, count, total in series:
        labels = [f'{snake_case(dimension)}="{_escaped(value)}"' for dimension, value in key[2]]
        if kind == "counter":
            yield _line(name, labels, total)
            continue
        newest = history.newest(key)
        if kind == "gauge":
            if newest:
                yield _line(name, labels, newest.high * factor)
            continue
        yield from _summary(name, labels, newest, factor)
        yield _line(f"{name}_sum", labels, total * factor)
        yield _line(f"{name}_count", labels, count)


def _summary(name: str, labels: list[str], newest: Figures | None, factor: float) -> Iterator[str]:
    """Quantiles of the newest minute there is anything of."""
    if newest is None:
        return
    for percent in _QUANTILES:
        yield _line(name, [*labels, f'quantile="{percent / 100:g}"'], newest.percentile(percent) * factor)


def family_name(metric: Metric) -> str:
    """Such as `aws_lambda_duration_seconds`, `cartwheel_outbox_age_seconds`."""
    space = "_".join(map(snake_case, metric.namespace.split("/")))
    name = snake_case(metric.name)
    unit = {Unit.SECONDS: "_seconds", Unit.MILLISECONDS: "_seconds", Unit.PERCENT: "_percent"}.get(metric.unit, "")
    return f"{space}_{name}{unit}"


def snake_case(name: str) -> str:
    return _WORDS.sub("_", name).replace("-", "_").lower()


def _line(name: str, labels: list[str], value: float) -> str:
    return f"{name}{{{','.join(labels)}}} {value:.10g}" if labels else f"{name} {value:.10g}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
