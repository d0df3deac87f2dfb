"""Who is on call hears of an alarm once when it begins, and once when it is over, whatever happens between."""

from pathlib import Path

import pytest

from cartwheel.kernel.alarms import Alarm
from cartwheel.local.monitoring import notices
from cartwheel.local.monitoring.evaluation import State
from cartwheel.local.monitoring.figures import Figures
from cartwheel.local.monitoring.history import History
from cartwheel.local.monitoring.tally import key_of
from cartwheel.local.monitoring.watch import Watch

from .alarms import alarm

START = 1_700_000_040
DAY_LATER = START + 86_400


class World:
    """One alarm, and minutes that pass."""

    def __init__(self, folder: Path, watched: Alarm) -> None:
        self.folder, self.watched, self.now = folder, watched, START
        self.restart()

    def restart(self) -> None:
        self.watch = Watch([self.watched], History.open(self.folder), "Wheels", self.now)

    def minute(self, value: float | None) -> State:
        """A minute with this value; the state at its end."""
        if value is not None:
            figures = Figures()
            figures.add(value)
            self.watch.history.add({self.now: {key_of(self.watched.metric, self.watched.dimensions): figures}})
        self.now += 60
        self.watch.look(self.now + 7)
        return self.watch.standings()[0].state

    @property
    def subjects(self) -> list[str]:
        return [notice.subject for notice in notices.waiting(self.watch.history.connection)]


BEGIN, END = "[Wheels] ALARM: faults", "[Wheels] Recovered: faults"


def test_an_alarm_is_told_once_and_so_is_its_end(tmp_path: Path) -> None:
    world = World(tmp_path, alarm())
    assert [world.minute(value) for value in (0, 3, 3, 3)] == [State.OK, State.ALARM, State.ALARM, State.ALARM]
    assert world.subjects == [BEGIN]
    assert world.watch.standings()[0].since == START + 120
    assert [world.minute(0) for _ in range(3)] == [State.OK] * 3
    assert world.subjects == [BEGIN, END]


def test_the_first_state_is_no_news_unless_it_is_bad(tmp_path: Path) -> None:
    world = World(tmp_path, alarm())
    assert (world.minute(0), world.subjects) == (State.OK, [])
    other = tmp_path / "other"
    other.mkdir()
    bad = World(other, alarm())
    assert (bad.minute(9), bad.subjects) == (State.ALARM, [BEGIN])


def test_a_restart_forgets_neither_the_state_nor_what_was_told(tmp_path: Path) -> None:
    world = World(tmp_path, alarm())
    world.minute(3)
    world.restart()
    assert world.minute(3) is State.ALARM
    world.restart()
    assert world.minute(0) is State.OK
    assert world.subjects == [BEGIN, END]


def test_no_data_ends_no_alarm_and_begins_none_again(tmp_path: Path) -> None:
    world = World(tmp_path, alarm(missing="missing"))
    states = [world.minute(value) for value in (3, None, None, None, 3, 0)]
    assert states == [State.ALARM] * 3 + [State.INSUFFICIENT_DATA, State.ALARM, State.OK]
    assert world.subjects == [BEGIN, END]


def test_a_period_of_several_minutes_slides_on_by_the_minute(tmp_path: Path) -> None:
    from datetime import timedelta

    world = World(tmp_path, alarm(threshold=6, period=timedelta(minutes=3)))
    assert [world.minute(value) for value in (2, 2, 2, 0)] == [State.OK, State.OK, State.ALARM, State.OK]


def test_the_mail_says_what_since_when_and_what_to_do(tmp_path: Path) -> None:
    world = World(tmp_path, alarm())
    world.minute(3)
    (mail,) = notices.waiting(world.watch.history.connection)
    for wanted in (
        "faults is on since 2023-11-14T22:15:00.000Z.",
        "a wheel came off",
        "Cartwheel Faults (Part wheel)",
        "Sum of Faults at or above 1 in 1 min",
        "3 Count",
        "What to do: wheel-off",
    ):
        assert wanted in mail.text


def test_state_and_notice_are_stored_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path, alarm())
    monkeypatch.setattr(notices, "write", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        world.minute(3)
    monkeypatch.undo()
    world.restart()
    assert world.watch.standings()[0].state is State.INSUFFICIENT_DATA
    world.minute(3)
    assert world.subjects == [BEGIN]


def test_what_was_missing_while_no_host_ran_is_no_failure(tmp_path: Path) -> None:
    world = World(tmp_path, alarm(missing="breaching", evaluation_periods=2, datapoints=2))
    assert [world.minute(None) for _ in range(2)] == [State.INSUFFICIENT_DATA, State.ALARM]
    world.minute(0)
    assert world.minute(0) is State.OK
    world.now = DAY_LATER
    world.restart()
    assert [world.minute(None) for _ in range(2)] == [State.OK, State.ALARM]
