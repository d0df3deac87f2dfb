"""The whole dashboard of the map: what slices show, and what every function, queue and outbox has besides."""

from dataclasses import replace
from typing import Final

from . import own_metrics, platform_metrics
from .alarms import Statistic
from .dashboard import BUSINESS, PROVIDERS, THE_SHOPS, Group, Series, Widget
from .metrics import NEAR_TIMEOUT, Metric
from .platform_metrics import API, API_ID, FUNCTION, QUEUE, dead_letters
from .topology import App


def dashboard_of(app: App, currency: str = "EUR") -> list[Group]:
    """The business first, what changes by the minute before the rest; then what is behind it. Money is in the shop's
    currency.
    """
    return [
        _of_slices(app, BUSINESS, currency),
        _of_slices(app, PROVIDERS, currency),
        Group("API", _API),
        Group("Functions", _functions(list(app.functions))),
        Group("Queues", _queues([consumer.name for consumer in app.consumers])),
        Group("Events and deliveries", _events([part.name for part in app.slices if part.emits])),
    ]


def _of_slices(app: App, heading: str, currency: str) -> Group:
    watched = [each for part in app.slices for each in part.all_watched if each.heading == heading]
    widgets = sorted((widget for each in watched for widget in each.widgets), key=lambda widget: widget.period)
    return Group(heading, tuple(_in(currency, widget) for widget in widgets))


def _in(currency: str, widget: Widget) -> Widget:
    def filled(series: Series) -> Series:
        dimensions = {name: currency if value is THE_SHOPS else value for name, value in series.dimensions.items()}
        return replace(series, dimensions=dimensions)

    return replace(widget, series=tuple(map(filled, widget.series)))


_API: Final = (
    Widget(
        "Answers",
        (
            Series(platform_metrics.REQUESTS, "requests", {API_ID: API}),
            Series(platform_metrics.REFUSED, "4xx", {API_ID: API}),
            Series(platform_metrics.BROKEN, "5xx", {API_ID: API}),
        ),
    ),
    Widget(
        "Time to an answer",
        (
            Series(platform_metrics.LATENCY, "mean", {API_ID: API}, "Average"),
            Series(platform_metrics.LATENCY, "slowest hundredth", {API_ID: API}, "p99"),
        ),
    ),
    Widget("Attempts to sign in that failed", (Series(own_metrics.SIGN_IN_FAILURES, "refused"),)),
)


def _functions(names: list[str]) -> tuple[Widget, ...]:
    def each(metric: Metric, statistic: Statistic = "Sum") -> tuple[Series, ...]:
        return tuple(Series(metric, name, {FUNCTION: name}, statistic) for name in names)

    return (
        Widget("Invocations", each(platform_metrics.INVOCATIONS)),
        Widget("Errors", each(platform_metrics.ERRORS)),
        Widget("Duration, slowest hundredth", each(platform_metrics.DURATION, "p99")),
        Widget(
            "Limits",
            (
                Series(platform_metrics.THROTTLES, "refused, too many at once"),
                Series(NEAR_TIMEOUT, "near their timeout"),
            ),
        ),
    )


def _queues(names: list[str]) -> tuple[Widget, ...]:
    def each(metric: Metric, queues: list[str]) -> tuple[Series, ...]:
        return tuple(Series(metric, queue, {QUEUE: queue}, "Maximum") for queue in queues)

    return (
        Widget("Messages that wait", each(platform_metrics.VISIBLE, names)),
        Widget("Age of the oldest message", each(platform_metrics.OLDEST, names)),
        Widget("Dead letters", each(platform_metrics.VISIBLE, [dead_letters(name) for name in names])),
    )


def _events(slices: list[str]) -> tuple[Widget, ...]:
    return (
        Widget("Age of the oldest unsent event", tuple(_oldest(name) for name in slices)),
        Widget("From event to bus, slowest hundredth", (Series(own_metrics.RELAY_LAG, "relay", {}, "p99"),)),
        Widget(
            "Deliveries",
            (
                Series(own_metrics.DELIVERY_ATTEMPTS, "attempts, mean", {}, "Average"),
                Series(own_metrics.FAILED_DELIVERIES, "failed"),
            ),
        ),
    )


def _oldest(part: str) -> Series:
    return Series(own_metrics.OUTBOX_AGE, part, {"Slice": part}, "Maximum")
