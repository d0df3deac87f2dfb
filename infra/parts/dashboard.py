"""CloudWatch's dashboard, as the map declares it."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from aws_cdk import Stack
from aws_cdk.aws_cloudwatch import CfnDashboard
from constructs import Construct

from cartwheel.kernel.dashboard import Group, Series, Widget
from cartwheel.kernel.own_metrics import SIGN_IN_FAILURES

from .signals import Signals

WIDTH: Final = 24  # of the whole
CHART: Final = (8, 6)  # width and height of one


def show(scope: Construct, groups: Iterable[Group], signals: Signals) -> CfnDashboard:
    body = Stack.of(scope).to_json_string({"widgets": list(_widgets(Stack.of(scope).region, groups, signals))})
    return CfnDashboard(scope, "Dashboard", dashboard_body=body)


def _widgets(region: str, groups: Iterable[Group], signals: Signals) -> Iterator[dict[str, Any]]:
    """Without places: CloudWatch puts one behind the other, as the lines have room."""
    width, height = CHART
    for group in groups:
        yield {"type": "text", "width": WIDTH, "height": 1, "properties": {"markdown": f"## {group.title}"}}
        for widget in group.widgets:
            yield {"type": "metric", "width": width, "height": height, "properties": _chart(region, widget, signals)}


def _chart(region: str, widget: Widget, signals: Signals) -> dict[str, Any]:
    return {
        "title": widget.title,
        "region": region,
        "view": "timeSeries",
        "period": int(widget.period.total_seconds()),
        "metrics": [line for series in widget.series for line in _lines(series, signals)],
    }


def _lines(series: Series, signals: Signals) -> list[list[Any]]:
    if series.metric == SIGN_IN_FAILURES:
        return signals.sign_in_chart()
    named = [text for pair in signals.dimensions(series.dimensions).items() for text in pair]
    line = [signals.namespace(series.metric), series.metric.name, *named]
    return [[*line, {"label": series.label, "stat": series.statistic}]]
