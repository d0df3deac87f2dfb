"""What was measured, by the minute: by AWS's own names what the platform measures, and what functions record."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from cartwheel.kernel import metrics
from cartwheel.kernel import platform_metrics as platform
from cartwheel.kernel.metrics import NAMESPACE, Metric, Recorded

from .figures import Figures, Key, key

MINUTE: Final = 60

Taken = dict[int, dict[Key, Figures]]  # by the minute, in seconds since 1970, and by the metric


def key_of(metric: Metric, dimensions: Mapping[str, str] | None = None) -> Key:
    return key(metric.namespace, metric.name, **(dimensions or {}))


API_COUNT, API_4XX, API_5XX, API_LATENCY = (
    key_of(metric, {platform.API_ID: platform.API})
    for metric in (platform.REQUESTS, platform.REFUSED, platform.BROKEN, platform.LATENCY)
)


@dataclass(slots=True)
class Invocations:
    """Of a function in one minute; `duration` has a value, in milliseconds, for each that ended."""

    failed: int = 0
    throttled: int = 0
    duration: Figures = field(default_factory=Figures)

    def figures(self) -> Iterator[tuple[Metric, Figures]]:
        """The platform's metrics. Each counts as an error or as none, so that there is a value, as on Lambda."""
        if ended := self.duration.count:
            yield platform.INVOCATIONS, Figures.of_flags(ended, ended)
            yield platform.ERRORS, Figures.of_flags(self.failed, ended)
            yield platform.DURATION, self.duration
        yield platform.THROTTLES, Figures.of_flags(self.throttled, ended + self.throttled)


@dataclass
class Tally:
    """`recorded` is what functions recorded themselves, by function. Moments are in seconds since 1970."""

    recorded: dict[str, Recorded] = field(default_factory=dict)
    _taken: Taken = field(default_factory=dict)
    _invocations: dict[tuple[int, str], Invocations] = field(default_factory=dict)

    def add(self, moment: float, metric: Key, value: float) -> None:
        figures = self._taken.setdefault(_minute(moment), {})
        found = figures.get(metric)
        if found is None:
            found = figures[metric] = Figures()
        found.add(value)

    def invoked(self, moment: float, function: str, seconds: float, failed: bool, recorded: Recorded) -> None:
        minute = self._of(moment, function)
        minute.failed += failed
        minute.duration.add(seconds * 1000)
        if recorded:
            metrics.merge(self.recorded.setdefault(function, {}), recorded)
        for (name, _, dimensions), values in recorded.items():
            for value in values:
                self.add(moment, (NAMESPACE, name, dimensions), value)

    def throttled(self, moment: float, function: str) -> None:
        self._of(moment, function).throttled += 1

    def answered(self, moment: float, status: int, seconds: float) -> None:
        self.add(moment, API_COUNT, 1.0)
        self.add(moment, API_4XX, float(400 <= status < 500))
        self.add(moment, API_5XX, float(status >= 500))
        self.add(moment, API_LATENCY, seconds * 1000)

    def figures(self) -> Taken:
        """All of it; to be asked once, at the end."""
        for (minute, function), invocations in self._invocations.items():
            for metric, figures in invocations.figures():
                for dimensions in ({platform.FUNCTION: function}, {}):
                    whole = self._taken.setdefault(minute, {}).setdefault(key_of(metric, dimensions), Figures())
                    whole.merge(figures)
        self._invocations.clear()
        return self._taken

    def _of(self, moment: float, function: str) -> Invocations:
        place = _minute(moment), function
        found = self._invocations.get(place)
        if found is None:
            found = self._invocations[place] = Invocations()
        return found


def _minute(moment: float) -> int:
    return int(moment) // MINUTE * MINUTE
