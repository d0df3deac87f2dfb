"""What was measured is kept for days, by ever longer steps, whatever happens to the host."""

from pathlib import Path

from cartwheel.local.monitoring import history as module
from cartwheel.local.monitoring.figures import Figures, Key, key
from cartwheel.local.monitoring.history import DAY, HOUR, History

EGGS = key("Farm", "Eggs", Hen="Berta")
START = 1_700_000_000 // DAY * DAY


def one(*values: float, metric: Key = EGGS) -> dict[Key, Figures]:
    figures = Figures()
    for value in values:
        figures.add(value)
    return {metric: figures}


def sums(history: History, start: int, end: int, period: int) -> list[float | None]:
    return [figures.total if figures else None for figures in history.read(EGGS, start, end, period)]


def test_values_of_a_minute_come_together_whenever_they_are_written(tmp_path: Path) -> None:
    history = History.open(tmp_path)
    history.add({START: one(1, 2), START + 120: one(4)})
    history.add({START: one(8)})
    assert sums(history, START, START + 180, 60) == [11, None, 4]
    assert sums(history, START, START + 180, 180) == [15]


def test_it_is_there_after_the_host_was_killed(tmp_path: Path) -> None:
    History.open(tmp_path).add({START: one(1)})  # and not closed
    history = History.open(tmp_path)
    history.add({START: one(1)})
    assert sums(history, START, START + 60, 60) == [2]
    assert list(history.totals()) == [(EGGS, 2, 2)]


def test_what_is_old_is_kept_by_longer_steps(tmp_path: Path) -> None:
    history = History.open(tmp_path)
    history.add({START + minute * 60: one(1) for minute in range(0, 300, 10)})
    history.prune(START + 5 * HOUR)
    assert sums(history, START + 3 * HOUR, START + 5 * HOUR, HOUR) == [6, 6]
    assert sums(history, START, START + 5 * HOUR, HOUR) == [6] * 5
    history.prune(START + 15 * DAY + HOUR)
    assert sums(history, START - 10 * DAY, START + 5 * DAY, DAY)[10] == 24
    history.prune(START + 17 * DAY)
    assert sums(history, START - 10 * DAY, START + 5 * DAY, DAY) == [None] * 15


def test_there_is_an_end_to_what_it_keeps(tmp_path: Path, monkeypatch: object) -> None:
    history = History.open(tmp_path)
    history._ids |= {key("Farm", "Eggs", Hen=str(number)): number for number in range(module.MOST_SERIES)}
    history.add({START: one(1)})
    assert EGGS not in history.series
