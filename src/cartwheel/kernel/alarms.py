"""Alarms: what is watched, and from when on somebody has to look. Declared once; both hosts evaluate the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal

from .metrics import Metric

Statistic = Literal["Sum", "Average", "Maximum", "Minimum", "p99"]
Comparison = Literal[">", ">=", "<", "<="]
Missing = Literal["notBreaching", "breaching", "ignore", "missing"]

MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """It rings when, of the last `evaluation_periods`, in `datapoints` the statistic compares so with the threshold.

    `setting` names the field of the settings that holds the threshold, `missing` says what a period without data is
    taken for (CloudWatch's words), `meaning` what is wrong when it rings, and `runbook` the page of docs/runbooks/ that
    says what to do.
    """

    name: str
    metric: Metric
    setting: str
    meaning: str
    runbook: str
    dimensions: Mapping[str, str] = field(default_factory=dict)
    statistic: Statistic = "Sum"
    period: timedelta = MINUTE
    threshold: float = 0  # `derived_alarms.as_set` takes it from the settings
    comparison: Comparison = ">="
    evaluation_periods: int = 1
    datapoints: int = 1
    missing: Missing = "notBreaching"
