"""What is measured and what rings, read off the map for monitoring.md."""

from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from cartwheel.app import APP
from cartwheel.kernel.alarms import Alarm
from cartwheel.kernel.derived_alarms import alarms_of
from cartwheel.kernel.own_metrics import OWN
from cartwheel.kernel.platform_metrics import PLATFORM
from cartwheel.kernel.settings import Settings

PLACES: Final = {"FunctionName": "<function>", "QueueName": "<queue>", "Slice": "<slice>"}


def metrics() -> Iterator[str]:
    yield "| metric | unit | told apart by | measures |\n|---|---|---|---|"
    for metric in (*(metric for part in APP.slices for metric in part.metrics), *OWN, *PLATFORM):
        dimensions = ", ".join(f"`{name}`" for name in metric.dimensions)
        name = f"`{metric.name}`" if metric not in PLATFORM else f"`{metric.name}` ({metric.namespace})"
        yield f"| {name} | {metric.unit.value} | {dimensions} | {metric.meaning} |"


def alarms() -> Iterator[str]:
    """One row for all that differ only in what they watch."""
    yield "| alarm | rings when | setting | what to do |\n|---|---|---|---|"
    rows = [_row(alarm) for alarm in alarms_of(APP, Settings())]
    yield from (f"{row} |" for row in dict.fromkeys(rows))


def _page(alarm: Alarm) -> str:
    page = alarm.runbook.removeprefix("docs/")
    return f"[{PurePath(page).stem}]({page})"


def _row(alarm: Alarm) -> str:
    name = alarm.name
    for dimension, value in alarm.dimensions.items():
        name = name.replace(value, PLACES[dimension]) if dimension in PLACES else name
    of = f"{alarm.datapoints} of {alarm.evaluation_periods} periods" if alarm.evaluation_periods > 1 else "one period"
    seconds = int(alarm.period.total_seconds())
    when = f"{alarm.statistic} of `{alarm.metric.name}` {alarm.comparison} {alarm.threshold:g}, {of} of {seconds} s"
    return f"| `{name}` | {when} | `CARTWHEEL_{alarm.setting.upper()}` | {_page(alarm)}"
