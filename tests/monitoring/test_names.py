"""Every alarm and every chart is of a metric that something really emits, and every metric is emitted by something."""

import ast
from dataclasses import replace
from itertools import chain
from typing import Any, Final

import pytest

from cartwheel.app import APP
from cartwheel.kernel.alarms import Alarm
from cartwheel.kernel.derived_alarms import alarms_of
from cartwheel.kernel.derived_dashboard import dashboard_of
from cartwheel.kernel.metrics import NAMESPACE, Metric
from cartwheel.kernel.own_metrics import OWN
from cartwheel.kernel.platform_metrics import PLATFORM
from cartwheel.kernel.settings import Settings
from infra.watched import alarms_on_aws
from tests.project.checkout import PACKAGE

# AWS's documents: namespace, dimension, the names used here.
AWS: Final = {
    "AWS/Lambda": ("FunctionName", {"Invocations", "Errors", "Duration", "Throttles", "IteratorAge"}),
    "AWS/SQS": ("QueueName", {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"}),
    "AWS/ApiGateway": ("ApiId", {"Count", "4xx", "5xx", "Latency"}),
}
RECORDING: Final = {"record", "measure", "EventMetric", "key_of"}

DECLARED: Final = [*(metric for part in APP.slices for metric in part.metrics), *OWN]


def recorded() -> set[str]:
    """The constants that are the first argument where something is recorded."""
    calls = chain.from_iterable(ast.walk(ast.parse(path.read_text())) for path in PACKAGE.rglob("*.py"))
    firsts = [
        call.args[0]
        for call in calls
        if isinstance(call, ast.Call) and call.args and ast.unparse(call.func).rpartition(".")[2] in RECORDING
    ]
    names = {ast.unparse(first).rpartition(".")[2] for first in firsts}
    return {name for name in names if name.isupper()}


def constants() -> dict[str, str]:
    """The metrics' names by the constants that hold them."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.AnnAssign(value=ast.Call(func=ast.Name("Metric"), args=[name, *_])):
                    found[ast.unparse(node.target)] = ast.literal_eval(name)
    return found


def test_every_metric_that_is_declared_is_recorded_and_the_other_way_round() -> None:
    aws = {each.name for each in PLATFORM}
    ours = {name: metric for name, metric in constants().items() if metric not in aws}
    assert {metric.name for metric in DECLARED} == set(ours.values())
    assert {constants()[name] for name in recorded()} - aws == set(ours.values())


def test_what_aws_measures_has_its_names() -> None:
    assert {metric.namespace for metric in PLATFORM} == AWS.keys()
    for namespace, (dimension, names) in AWS.items():
        metrics = [metric for metric in PLATFORM if metric.namespace == namespace]
        assert {metric.name for metric in metrics} == names
        assert {metric.dimensions for metric in metrics} <= {(dimension,), ()}


def test_names_are_unlike() -> None:
    names = [(metric.namespace, metric.name) for metric in (*DECLARED, *PLATFORM)]
    assert len(names) == len(set(names))
    alarms = [alarm.name for alarm in alarms_on_aws(APP, Settings())]
    assert len(alarms) == len(set(alarms))


def known(metric: Metric) -> bool:
    return metric in DECLARED or metric in PLATFORM


def test_every_alarm_is_of_a_metric_with_its_dimensions() -> None:
    for alarm in alarms_on_aws(APP, Settings()):
        assert known(alarm.metric), alarm.name
        assert tuple(alarm.dimensions) == alarm.metric.dimensions, alarm.name
        assert 1 <= alarm.datapoints <= alarm.evaluation_periods
        assert alarm.period.total_seconds() % 60 == 0  # CloudWatch's, and the embedded host's minutes


def test_every_chart_is_of_metrics_with_their_dimensions() -> None:
    series = [each for group in dashboard_of(APP) for widget in group.widgets for each in widget.series]
    for each in series:
        assert known(each.metric), each
        assert tuple(each.dimensions) == each.metric.dimensions, each
    shown = {each.metric.name for each in series}
    assert {metric.name for metric in DECLARED} <= shown


def test_money_is_shown_in_the_currency_of_the_shop() -> None:
    series = [each for group in dashboard_of(APP, "JPY") for widget in group.widgets for each in widget.series]
    assert {each.dimensions["Currency"] for each in series if "Currency" in each.dimensions} == {"JPY"}


@pytest.mark.parametrize("alarm", alarms_of(APP, Settings()), ids=lambda alarm: alarm.name)
def test_every_threshold_is_a_setting(alarm: Alarm) -> None:
    setting = alarm.setting
    seven: dict[str, Any] = {setting: 7}
    assert setting.startswith("alarm_")
    (changed,) = [each.threshold for each in alarms_of(APP, replace(Settings(), **seven)) if each.name == alarm.name]
    assert changed in (7, 7000)


def test_all_settings_of_alarms_are_used() -> None:
    used = {alarm.setting for alarm in alarms_on_aws(APP, Settings())}
    assert {name for name in Settings.__dataclass_fields__ if name.startswith("alarm_")} - {"alarm_email"} == used


def test_ours_are_in_one_namespace() -> None:
    assert {metric.namespace for metric in DECLARED} == {NAMESPACE}
