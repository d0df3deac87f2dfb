"""Takes the values of metrics where they arise, in the host's own process; every few seconds they go to the history.

Nothing here waits or writes: what counts a request must not cost the request anything.
"""

import time
from collections.abc import Callable, Iterator, Mapping
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
class Collector:
    """To be used by one thread."""

    clock: Callable[[], float] = time.time
    _taken: Taken = field(default_factory=dict)
    _invocations: dict[tuple[int, str], Invocations] = field(default_factory=dict)
    _recorded: dict[str, Recorded] = field(default_factory=dict)

    def add(self, metric: Key, value: float = 1.0) -> None:
        figures = self._taken.setdefault(self._minute(), {})
        found = figures.get(metric)
        if found is None:
            found = figures[metric] = Figures()
        found.add(value)

    def invoked(self, function: str, seconds: float, failed: bool) -> None:
        """An invocation has ended."""
        minute = self._of(function)
        minute.failed += failed
        minute.duration.add(seconds * 1000)

    def throttled(self, function: str) -> None:
        """An invocation was refused, since the function has no environment to spare."""
        self._of(function).throttled += 1

    def answered(self, status: int, seconds: float) -> None:
        """The API has answered a request."""
        self.add(API_COUNT)
        self.add(API_4XX, float(400 <= status < 500))
        self.add(API_5XX, float(status >= 500))
        self.add(API_LATENCY, seconds * 1000)

    def take_in(self, function: str, recorded: Recorded) -> None:
        """What the function has recorded in an invocation."""
        if not recorded:
            return
        for (name, _, dimensions), values in recorded.items():
            for value in values:
                self.add((NAMESPACE, name, dimensions), value)
        metrics.merge(self._recorded.setdefault(function, {}), recorded)

    def drain(self) -> Taken:
        """What was taken since the last time."""
        taken, self._taken = self._taken, {}
        invocations, self._invocations = self._invocations, {}
        for (minute, function), each in invocations.items():
            for metric, figures in each.figures():
                for dimensions in ({platform.FUNCTION: function}, {}):
                    whole = taken.setdefault(minute, {}).setdefault(key_of(metric, dimensions), Figures())
                    whole.merge(figures)
        return taken

    def drain_recorded(self) -> dict[str, Recorded]:
        """What functions have recorded since the last time, by function."""
        recorded, self._recorded = self._recorded, {}
        return recorded

    def _minute(self) -> int:
        return int(self.clock()) // MINUTE * MINUTE

    def _of(self, function: str) -> Invocations:
        place = self._minute(), function
        found = self._invocations.get(place)
        if found is None:
            found = self._invocations[place] = Invocations()
        return found
