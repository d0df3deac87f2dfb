"""CloudWatch's alarms, as the map declares them. Each tells the topic when it rings and when it is over."""

from typing import Any, Final

from aws_cdk.aws_cloudwatch import CfnAlarm
from constructs import Construct

from cartwheel.kernel.alarms import Alarm
from cartwheel.kernel.own_metrics import SIGN_IN_FAILURES
from infra.names import pascal

from .signals import Signals

COMPARISONS: Final = {
    ">": "GreaterThanThreshold",
    ">=": "GreaterThanOrEqualToThreshold",
    "<": "LessThanThreshold",
    "<=": "LessThanOrEqualToThreshold",
}


def watch(scope: Construct, alarms: list[Alarm], signals: Signals, topic: str) -> None:
    """`topic` is an ARN."""
    for alarm in alarms:
        CfnAlarm(
            scope,
            f"{pascal(alarm.name)}Alarm",
            alarm_description=f"{alarm.meaning}. What to do: {alarm.runbook}",
            alarm_actions=[topic],
            ok_actions=[topic],
            comparison_operator=COMPARISONS[alarm.comparison],
            threshold=alarm.threshold,
            evaluation_periods=alarm.evaluation_periods,
            datapoints_to_alarm=alarm.datapoints,
            treat_missing_data=alarm.missing,
            **_measured(alarm, signals),
        )


def _measured(alarm: Alarm, signals: Signals) -> dict[str, Any]:
    period = int(alarm.period.total_seconds())
    if alarm.metric == SIGN_IN_FAILURES:
        return {"metrics": signals.refused_sign_ins(period)}
    dimensions = signals.dimensions(alarm.dimensions)
    statistic = "extended_statistic" if alarm.statistic.startswith("p") else "statistic"
    return {
        "namespace": signals.namespace(alarm.metric),
        "metric_name": alarm.metric.name,
        "dimensions": [CfnAlarm.DimensionProperty(name=name, value=value) for name, value in dimensions.items()],
        "period": period,
        statistic: alarm.statistic,
    }
