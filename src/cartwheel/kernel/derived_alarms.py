"""All alarms of the map: those that slices declare, and those of every function, queue and outbox, and of the whole."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from . import own_metrics, platform_metrics
from .alarms import MINUTE, Alarm
from .metrics import NEAR_TIMEOUT, Unit
from .platform_metrics import API, API_ID, FUNCTION, QUEUE, dead_letters
from .settings import Settings
from .topology import App


def alarms_of(app: App, settings: Settings) -> list[Alarm]:
    """All alarms of the map, as the settings have them; no two have the same name."""
    declared = [
        *(alarm for part in app.slices for alarm in part.alarms),
        *(function_errors(name) for name in app.functions),
        *(alarm for consumer in app.consumers for alarm in _queue(consumer.name)),
        *(outbox_age(part.name) for part in app.slices if part.emits),
        *WHOLE,
    ]
    return [as_set(alarm, settings) for alarm in declared]


def as_set(alarm: Alarm, settings: Settings) -> Alarm:
    """With its threshold, in the metric's unit (settings have durations in seconds), and the address of its page."""
    factor = 1000 if alarm.metric.unit is Unit.MILLISECONDS else 1
    threshold = factor * getattr(settings, alarm.setting)
    return replace(alarm, threshold=threshold, runbook=f"{settings.runbook}/{alarm.runbook}.md")


def function_errors(function: str) -> Alarm:
    return Alarm(
        name=f"{function}-errors",
        metric=platform_metrics.ERRORS,
        dimensions={FUNCTION: function},
        setting="alarm_errors",
        meaning=f"{function} fails, times out or dies",
        runbook="function-errors",
    )


def messages_visible(queue: str) -> Alarm:
    """Of a queue that nobody reads: whatever is in it was given up."""
    return Alarm(
        name=f"{queue}-visible",
        metric=platform_metrics.VISIBLE,
        dimensions={QUEUE: queue},
        statistic="Maximum",
        setting="alarm_dead_letters",
        meaning=f"{queue} holds what could not be delivered",
        runbook="dead-letters-visible",
    )


def outbox_age(part: str) -> Alarm:
    return Alarm(
        name=f"{part}-outbox-age",
        metric=own_metrics.OUTBOX_AGE,
        dimensions={"Slice": part},
        statistic="Maximum",
        setting="alarm_outbox_age",
        evaluation_periods=2,
        datapoints=2,
        meaning=f"events of {part} do not reach the bus",
        runbook="events-unsent",
    )


def _queue(consumer: str) -> Iterator[Alarm]:
    """What fails to the end is a dead letter after some seconds: who waits for minutes waits for something else."""
    yield Alarm(
        name=f"{consumer}-age",
        metric=platform_metrics.OLDEST,
        dimensions={QUEUE: consumer},
        statistic="Maximum",
        setting="alarm_queue_age",
        comparison=">",
        evaluation_periods=2,
        datapoints=2,
        meaning=f"{consumer} does not get to its messages",
        runbook="queue-stands-still",
    )
    yield Alarm(
        name=f"{consumer}-backlog",
        metric=platform_metrics.VISIBLE,
        dimensions={QUEUE: consumer},
        statistic="Minimum",
        setting="alarm_backlog",
        comparison=">",
        evaluation_periods=5,
        datapoints=5,
        meaning=f"{consumer} gets more than it can work off",
        runbook="queue-stands-still",
    )
    yield messages_visible(dead_letters(consumer))


WHOLE: Final = (
    Alarm(
        name="api-5xx",
        metric=platform_metrics.BROKEN,
        dimensions={API_ID: API},
        setting="alarm_5xx",
        comparison=">",
        meaning="callers are told that we are at fault",
        runbook="api-answers-5xx",
    ),
    Alarm(
        name="api-latency",
        metric=platform_metrics.LATENCY,
        dimensions={API_ID: API},
        statistic="p99",
        setting="alarm_latency",
        comparison=">",
        evaluation_periods=5,
        datapoints=3,
        meaning="one answer of a hundred takes longer than callers bear",
        runbook="api-is-slow",
    ),
    Alarm(
        name="throttles",
        metric=platform_metrics.THROTTLES,
        setting="alarm_throttles",
        meaning="invocations are refused because too many run at once",
        runbook="functions-throttled",
    ),
    Alarm(
        name="near-timeout",
        metric=NEAR_TIMEOUT,
        setting="alarm_near_timeout",
        period=5 * MINUTE,
        meaning="invocations need nearly all the time they may take",
        runbook="near-timeout",
    ),
    Alarm(
        name="sign-in-failures",
        metric=own_metrics.SIGN_IN_FAILURES,
        setting="alarm_sign_in_failures",
        period=5 * MINUTE,
        meaning="somebody may be guessing passwords",
        runbook="sign-in-failures",
    ),
)
