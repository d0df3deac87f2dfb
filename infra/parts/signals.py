"""What the metrics and dimensions of the map are called in this deployment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk.aws_cloudwatch import CfnAlarm

from cartwheel.aws.deployment import namespace
from cartwheel.kernel.metrics import NAMESPACE, Metric
from cartwheel.kernel.own_metrics import SIGN_IN_FAILURES
from cartwheel.kernel.platform_metrics import API_ID, FUNCTION, QUEUE
from infra.settings import Settings


@dataclass(frozen=True)
class Signals:
    """Physical names by those of the map: of functions, queues, and the API; and the user pool with its client."""

    settings: Settings
    functions: Mapping[str, str]
    queues: Mapping[str, str]
    api_id: str
    pool: tuple[str, str]

    def namespace(self, metric: Metric) -> str:
        return namespace(self.settings.stage) if metric.namespace == NAMESPACE else metric.namespace

    def dimensions(self, dimensions: Mapping[str, str]) -> dict[str, str]:
        """Raises KeyError for what this deployment has not."""
        return {name: self._physical(name, value) for name, value in dimensions.items()}

    def _physical(self, name: str, value: str) -> str:
        if name == API_ID:
            return self.api_id
        return {FUNCTION: self.functions, QUEUE: self.queues}.get(name, {value: value})[value]

    def refused_sign_ins(self, period: int) -> list[CfnAlarm.MetricDataQueryProperty]:
        """Cognito measures attempts by whether they succeeded, 1 or 0: the others were refused."""
        attempts = [
            CfnAlarm.MetricDataQueryProperty(id=name, return_data=False, metric_stat=self._sign_ins(statistic, period))
            for name, statistic in (("attempts", "SampleCount"), ("successes", "Sum"))
        ]
        refused = CfnAlarm.MetricDataQueryProperty(
            id="refused", expression="attempts - successes", label=SIGN_IN_FAILURES.name, return_data=True
        )
        return [refused, *attempts]

    def sign_in_chart(self) -> list[list[Any]]:
        """The same as a chart's lines."""
        pool, client = self.pool
        line = ["AWS/Cognito", "SignInSuccesses", "UserPool", pool, "UserPoolClient", client]
        return [
            [{"expression": "attempts - successes", "label": "refused", "id": "refused"}],
            [*line, {"id": "attempts", "stat": "SampleCount", "visible": False}],
            [*line, {"id": "successes", "stat": "Sum", "visible": False}],
        ]

    def _sign_ins(self, statistic: str, period: int) -> CfnAlarm.MetricStatProperty:
        dimensions = [
            CfnAlarm.DimensionProperty(name=name, value=value)
            for name, value in zip(("UserPool", "UserPoolClient"), self.pool, strict=True)
        ]
        metric = CfnAlarm.MetricProperty(namespace="AWS/Cognito", metric_name="SignInSuccesses", dimensions=dimensions)
        return CfnAlarm.MetricStatProperty(metric=metric, period=period, stat=statistic)
