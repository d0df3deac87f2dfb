"""Looks at every alarm once a minute, remembers how it stands, and writes down what there is to tell.

A state and the notice of it are written in one transaction: nobody is told twice, and a restart forgets nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cartwheel.kernel.alarms import Alarm

from . import notices
from .evaluation import LOOK_BACK, State, evaluate
from .history import History
from .standing import Standing
from .tally import MINUTE, key_of


@dataclass
class Watch:
    """The alarms, and what is remembered of them. `shop` is named in what is told; `began` is when the host did."""

    alarms: Sequence[Alarm]
    history: History
    shop: str
    began: float = 0

    def standings(self) -> list[Standing]:
        """In the order of the alarms."""
        rows = self.history.connection.execute("SELECT name, state, since, value, told FROM alarms")
        known = {name: rest for name, *rest in rows}
        return [_standing(alarm, known.get(alarm.name)) for alarm in self.alarms]

    def look(self, now: float) -> list[Standing]:
        """Evaluate all alarms over the whole minutes until now. Those that began or ended, which is worth telling."""
        end = int(now) // MINUTE * MINUTE
        connection = self.history.connection
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            pairs = [(before, self._stand(before, end)) for before in self.standings()]
            news = [after for before, after in pairs if after.told != before.told]
            rows = [_row(after) for before, after in pairs if after != before]
            connection.executemany("INSERT OR REPLACE INTO alarms VALUES (?, ?, ?, ?, ?)", rows)
            notices.write(connection, news, self.shop)
        return news

    def _stand(self, before: Standing, end: int) -> Standing:
        """Having no data says nothing: what was told stays told until the alarm is over."""
        if before.alarm.missing == "breaching" and end - self.began < _takes(before.alarm):
            return before  # what is missing was missed while nothing ran
        points = self._points(before.alarm, end)
        state = evaluate(before.alarm, points, before.state)
        return replace(
            before,
            state=state,
            since=before.since if state == before.state and before.since else end,
            value=next((point for point in reversed(points) if point is not None), before.value),
            told=before.told if state == State.INSUFFICIENT_DATA else state == State.ALARM,
        )

    def _points(self, alarm: Alarm, end: int) -> list[float | None]:
        """Of the evaluation range, one for each period."""
        period = _seconds(alarm)
        start = end - period * (alarm.evaluation_periods + LOOK_BACK)
        found = self.history.read(key_of(alarm.metric, alarm.dimensions), start, end, period)
        return [figures.statistic(alarm.statistic) if figures else None for figures in found]


def _standing(alarm: Alarm, row: list[Any] | None) -> Standing:
    if row is None:
        return Standing(alarm)
    state, since, value, told = row
    return Standing(alarm, State(state), since, value, bool(told))


def _seconds(alarm: Alarm) -> int:
    return int(alarm.period.total_seconds())


def _takes(alarm: Alarm) -> int:
    """Seconds that its evaluation periods last."""
    return _seconds(alarm) * alarm.evaluation_periods


def _row(standing: Standing) -> tuple[str, str, int, float | None, bool]:
    return standing.alarm.name, standing.state.value, standing.since, standing.value, standing.told
