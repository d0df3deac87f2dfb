"""What whoever is on call is told: one mail when an alarm begins, one when it is over.

A notice is written with the state that it is about, and deleted once its mail is in the host's mailbox, which is
another file: what is lost between the two is told again, and nothing is left out.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cartwheel.kernel.alarms import Alarm
from cartwheel.kernel.clock import timestamp

from .evaluation import State
from .standing import Standing

MOST: Final = 1000  # notices that wait; the oldest go
WORDS: Final = {">": "above", ">=": "at or above", "<": "below", "<=": "at or below"}


@dataclass(frozen=True)
class Notice:
    """A mail to be sent; `created` is in seconds since 1970."""

    id: int
    created: int
    subject: str
    text: str


Post = Callable[[tuple[str, str]], Awaitable[None]]  # subject and text of a mail


def write(connection: sqlite3.Connection, news: Iterable[Standing], shop: str) -> None:
    """Part of the caller's transaction."""
    rows = [(each.since, _subject(each, shop), _text(each)) for each in news]
    connection.executemany("INSERT INTO notices (created, subject, text) VALUES (?, ?, ?)", rows)
    connection.execute("DELETE FROM notices WHERE id <= (SELECT max(id) FROM notices) - ?", (MOST,))


def waiting(connection: sqlite3.Connection) -> list[Notice]:
    """The oldest first."""
    rows = connection.execute("SELECT id, created, subject, text FROM notices ORDER BY id")
    return [Notice(*row) for row in rows]


def handed_over(connection: sqlite3.Connection, notice: Notice) -> None:
    connection.execute("DELETE FROM notices WHERE id = ?", (notice.id,))


def condition(alarm: Alarm) -> str:
    """When the alarm is on, in words: `Sum of Errors above 0 in 1 of 2 periods of 1 min`."""
    minutes = f"{alarm.period.total_seconds() / 60:g} min"
    many = alarm.evaluation_periods > 1
    periods = f"{alarm.datapoints} of {alarm.evaluation_periods} periods of {minutes}" if many else minutes
    metric = f"{alarm.statistic} of {alarm.metric.name}"
    return f"{metric} {WORDS[alarm.comparison]} {alarm.threshold:g} in {periods}"


def moment(seconds: int) -> str:
    return timestamp(datetime.fromtimestamp(seconds, UTC))


def _subject(standing: Standing, shop: str) -> str:
    word = "ALARM" if standing.state == State.ALARM else "Recovered"
    return f"[{shop}] {word}: {standing.alarm.name}"


def _text(standing: Standing) -> str:
    alarm = standing.alarm
    about = ", ".join(f"{name} {value}" for name, value in alarm.dimensions.items())
    value = "none" if standing.value is None else f"{standing.value:g} {alarm.metric.unit.value}"
    lines = [
        f"{alarm.name} is {'on' if standing.state == State.ALARM else 'over'} since {moment(standing.since)}.",
        "",
        alarm.meaning,
        "",
        f"Watched:   {alarm.metric.namespace} {alarm.metric.name}{f' ({about})' if about else ''}",
        f"On when:   {condition(alarm)}",
        f"Last was:  {value}",
        "",
        f"What to do: {alarm.runbook}",
    ]
    return "\n".join(lines) + "\n"
