"""In which state an alarm is: as CloudWatch documents it, of data points alone.

A data point is a number, or None where there was none. CloudWatch looks back a little further than the evaluation
periods (the evaluation range): with enough real data points there the treatment of missing ones does not matter, and
otherwise each missing one counts as it says, but no more of them than are needed to fill the evaluation periods.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from operator import ge, gt, le, lt
from typing import Final

from cartwheel.kernel.alarms import Alarm

LOOK_BACK: Final = 2  # periods that the evaluation range is longer than the evaluation periods

_COMPARED: Final[dict[str, Callable[[float, float], bool]]] = {">": gt, ">=": ge, "<": lt, "<=": le}


class State(StrEnum):
    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


def breaches(alarm: Alarm, value: float) -> bool:
    return _COMPARED[alarm.comparison](value, alarm.threshold)


def evaluate(alarm: Alarm, points: Sequence[float | None], before: State) -> State:
    """The new state; `points` are those of the evaluation range, oldest first, each of one period."""
    known = [breaches(alarm, point) for point in points if point is not None]
    if len(known) >= alarm.evaluation_periods:
        return _counted(alarm, sum(known[-alarm.evaluation_periods :]))
    match alarm.missing:
        case "breaching":
            return _counted(alarm, sum(known) + alarm.evaluation_periods - len(known))
        case "notBreaching":
            return _counted(alarm, sum(known))
        case _:
            return _of_few(alarm, points, known, before)


def _counted(alarm: Alarm, breaching: int) -> State:
    return State.ALARM if breaching >= alarm.datapoints else State.OK


def _of_few(alarm: Alarm, points: Sequence[float | None], known: Sequence[bool], before: State) -> State:
    """Too few data points, and nothing in the place of the missing ones.

    One that breaches is no alarm as long as the next may yet be fine; unless missing ones are ignored, it is one when
    it has stood for so long.
    """
    waits = alarm.missing == "ignore"
    if not known:
        return before if waits else State.INSUFFICIENT_DATA
    if not all(known) or len(known) >= alarm.datapoints:
        return _counted(alarm, sum(known))
    oldest = next(age for age, point in zip(range(len(points), 0, -1), points, strict=True) if point is not None)
    return State.ALARM if oldest >= alarm.datapoints and not waits else before
