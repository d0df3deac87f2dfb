"""What the dashboard shows, as one JSON document: alarms first, then the charts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cartwheel.kernel.dashboard import Group, Series, Widget

from . import notices
from .history import DAY, HOUR, History
from .standing import Standing
from .tally import MINUTE, key_of

SPANS: Final = {"1h": HOUR, "3h": 3 * HOUR, "1d": DAY, "7d": 7 * DAY}
USUAL: Final = "3h"
STEPS: Final = {HOUR: MINUTE, 3 * HOUR: MINUTE, DAY: 5 * MINUTE, 7 * DAY: HOUR}


@dataclass(frozen=True)
class Window:
    """The stretch that is shown: whole periods up to `end`, in seconds since 1970."""

    span: str
    end: int

    def bounds(self, widget: Widget) -> tuple[int, int, int]:
        """Start, end and period of a chart."""
        seconds = SPANS[self.span]
        period = max(int(widget.period.total_seconds()), STEPS[seconds])
        # A minute is shown when it is over, or each line would end in a dip; longer periods are not waited for.
        end = self.end // MINUTE * MINUTE if period == MINUTE else -(-self.end // period) * period
        return end - seconds // period * period, end, period


def document(
    history: History, standings: Sequence[Standing], groups: Iterable[Group], window: Window
) -> dict[str, Any]:
    return {
        "at": notices.moment(window.end),
        "span": window.span,
        "alarms": [_alarm(each) for each in standings],
        "groups": [
            {"title": group.title, "widgets": [_widget(history, each, window) for each in group.widgets]}
            for group in groups
        ],
    }


def alarm_list(standings: Iterable[Standing]) -> dict[str, Any]:
    return {"items": [_alarm(each) for each in standings]}


def _alarm(standing: Standing) -> dict[str, Any]:
    alarm = standing.alarm
    return {
        "name": alarm.name,
        "state": standing.state.value,
        "since": notices.moment(standing.since) if standing.since else None,
        "value": standing.value,
        "unit": alarm.metric.unit.value,
        "threshold": alarm.threshold,
        "condition": notices.condition(alarm),
        "meaning": alarm.meaning,
        "runbook": alarm.runbook,
    }


def _widget(history: History, widget: Widget, window: Window) -> dict[str, Any]:
    start, end, period = window.bounds(widget)
    return {
        "title": widget.title,
        "start": start,
        "period": period,
        "count": (end - start) // period,
        "series": [
            {
                "label": each.label,
                "statistic": each.statistic,
                "unit": each.metric.unit.value,
                "points": _points(history, each, start, end, period),
            }
            for each in widget.series
        ],
    }


def _points(history: History, series: Series, start: int, end: int, period: int) -> list[float | None]:
    found = history.read(key_of(series.metric, series.dimensions), start, end, period)
    return [figures.statistic(series.statistic) if figures else None for figures in found]
