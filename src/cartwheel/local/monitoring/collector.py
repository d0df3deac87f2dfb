"""Takes the values of metrics where they arise, in the host's own process; every few seconds they go to the history.

Nothing here waits or writes: what counts a request must not cost the request anything.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cartwheel.kernel import platform_metrics as platform
from cartwheel.kernel.metrics import Metric

from .figures import Figures, Key, key

MINUTE: Final = 60

Taken = dict[int, dict[Key, Figures]]  # by the minute, in seconds since 1970, and by the metric


def key_of(metric: Metric, dimensions: Mapping[str, str] | None = None) -> Key:
    return key(metric.namespace, metric.name, **(dimensions or {}))


@dataclass(frozen=True, slots=True)
class FunctionKeys:
    """The platform's metrics of one function, or of all together."""

    invocations: Key
    errors: Key
    throttles: Key
    duration: Key

    @classmethod
    def of(cls, dimensions: Mapping[str, str]) -> "FunctionKeys":
        measured = (platform.INVOCATIONS, platform.ERRORS, platform.THROTTLES, platform.DURATION)
        return cls(*(key_of(metric, dimensions) for metric in measured))


ALL_FUNCTIONS: Final = FunctionKeys.of({})
API_COUNT, API_4XX, API_5XX, API_LATENCY = (
    key_of(metric, {platform.API_ID: platform.API})
    for metric in (platform.REQUESTS, platform.REFUSED, platform.BROKEN, platform.LATENCY)
)


@dataclass
class Collector:
    """To be used by one thread."""

    clock: Callable[[], float] = time.time
    _taken: Taken = field(default_factory=dict)
    _functions: dict[str, FunctionKeys] = field(default_factory=dict)

    def add(self, metric: Key, value: float = 1.0) -> None:
        minute = int(self.clock()) // MINUTE * MINUTE
        figures = self._taken.setdefault(minute, {})
        found = figures.get(metric)
        if found is None:
            found = figures[metric] = Figures()
        found.add(value)

    def invoked(self, function: str, seconds: float, failed: bool) -> None:
        """An invocation has ended. Each counts as an error or as none, so that there is a value, as on Lambda."""
        for keys in (self._of(function), ALL_FUNCTIONS):
            self.add(keys.invocations)
            self.add(keys.errors, float(failed))
            self.add(keys.throttles, 0.0)
            self.add(keys.duration, seconds * 1000)

    def throttled(self, function: str) -> None:
        """An invocation was refused, since the function has no environment to spare."""
        for keys in (self._of(function), ALL_FUNCTIONS):
            self.add(keys.throttles)

    def answered(self, status: int, seconds: float) -> None:
        """The API has answered a request."""
        self.add(API_COUNT)
        self.add(API_4XX, float(400 <= status < 500))
        self.add(API_5XX, float(status >= 500))
        self.add(API_LATENCY, seconds * 1000)

    def take_in(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """What functions have recorded, in the embedded metric format."""
        for document in documents:
            for directive in document["_aws"]["CloudWatchMetrics"]:
                self._take_in(document, directive)

    def _take_in(self, document: Mapping[str, Any], directive: Mapping[str, Any]) -> None:
        for names in directive["Dimensions"]:
            dimensions = tuple(sorted((name, str(document[name])) for name in names))
            for metric in directive["Metrics"]:
                values = document[metric["Name"]]
                for value in values if isinstance(values, list) else (values,):
                    self.add((directive["Namespace"], metric["Name"], dimensions), float(value))

    def _of(self, function: str) -> FunctionKeys:
        found = self._functions.get(function)
        if found is None:
            found = self._functions[function] = FunctionKeys.of({platform.FUNCTION: function})
        return found

    def drain(self) -> Taken:
        """What was taken since the last time."""
        taken, self._taken = self._taken, {}
        return taken
