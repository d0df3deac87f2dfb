"""The dashboard: what somebody looks at first. Declared once; CloudWatch shows it, and the embedded host's page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from .alarms import MINUTE, Alarm, Statistic
from .metrics import Metric

BUSINESS: Final = "Business"
PROVIDERS: Final = "Whom the shop depends on"
THE_SHOPS: Final = "the shop's currency"  # in the place of a dimension's value, as long as no settings are read


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart."""

    metric: Metric
    label: str
    dimensions: Mapping[str, str] = field(default_factory=dict)
    statistic: Statistic = "Sum"


@dataclass(frozen=True, slots=True)
class Widget:
    """A chart: one point for each period."""

    title: str
    series: tuple[Series, ...]
    period: timedelta = MINUTE


@dataclass(frozen=True, slots=True)
class Watched:
    """What a slice measures, and of that what is watched by alarms and what is shown, under which heading."""

    metrics: tuple[Metric, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    widgets: tuple[Widget, ...] = ()
    heading: str = BUSINESS


NOTHING: Final = Watched()


@dataclass(frozen=True, slots=True)
class Group:
    """Charts that belong together, with a heading."""

    title: str
    widgets: tuple[Widget, ...]
