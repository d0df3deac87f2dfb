"""The metrics of the last days, in a file of their own beside the shop's: `metrics.sqlite`.

As in CloudWatch, the older they are, the longer the stretches they are kept by. Every value is added to the points of
all steps at once, so that nothing has to be gathered up later, and what was written survives whatever happens next.
"""

import json
import math
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .figures import Figures, Key
from .tally import MINUTE, Taken

FILE: Final = "metrics.sqlite"
HOUR: Final = 3600
DAY: Final = 24 * HOUR
KEPT: Final = {MINUTE: 3 * HOUR, 5 * MINUTE: DAY, HOUR: 15 * DAY}  # seconds of a step: seconds that it is kept
SPARE: Final = 10 * MINUTE  # whoever looks at all that is kept does so a little later
MOST_SERIES: Final = 5000  # an id that got into a dimension by mistake must not fill the disk

_SCHEMA: Final = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL, dimensions TEXT NOT NULL,
    UNIQUE (namespace, name, dimensions));
CREATE TABLE IF NOT EXISTS points (
    step INTEGER NOT NULL, series INTEGER NOT NULL, start INTEGER NOT NULL, count INTEGER NOT NULL,
    total REAL NOT NULL, low REAL NOT NULL, high REAL NOT NULL, bins TEXT NOT NULL,
    PRIMARY KEY (step, series, start)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS totals (series INTEGER PRIMARY KEY, count INTEGER NOT NULL, total REAL NOT NULL);
CREATE TABLE IF NOT EXISTS alarms (
    name TEXT PRIMARY KEY, state TEXT NOT NULL, since INTEGER NOT NULL, value REAL, told INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS notices (
    id INTEGER PRIMARY KEY AUTOINCREMENT, created INTEGER NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL);
"""

_POINTS: Final = "SELECT start, count, total, low, high, bins FROM points WHERE step = ? AND series = ?"
_BETWEEN: Final = f"{_POINTS} AND start >= ? AND start < ? ORDER BY start"


@dataclass
class History:
    """To be used by one thread at a time."""

    connection: sqlite3.Connection
    _ids: dict[Key, int] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> "History":
        connection = sqlite3.connect(folder / FILE, isolation_level=None, check_same_thread=False)
        connection.executescript(_SCHEMA)
        history = cls(connection)
        history._know()
        return history

    def _know(self) -> None:
        rows = self.connection.execute("SELECT id, namespace, name, dimensions FROM series")
        self._ids = {(space, name, _dimensions(text)): number for number, space, name, text in rows}

    @property
    def series(self) -> list[Key]:
        """Every metric there is anything of."""
        return list(self._ids)

    def add(self, taken: Taken) -> None:
        """In one transaction. Metrics beyond the most that are kept are left out."""
        try:
            with self.connection:
                self.connection.execute("BEGIN IMMEDIATE")
                self._add_all(taken)
        except sqlite3.Error:
            self._know()  # what was to be new is not
            raise

    def _add_all(self, taken: Taken) -> None:
        for minute, metrics in taken.items():
            for metric, figures in metrics.items():
                if (number := self._number(metric)) is not None:
                    self._add(number, minute, figures)

    def _number(self, metric: Key) -> int | None:
        found = self._ids.get(metric)
        if found is None and len(self._ids) < MOST_SERIES:
            namespace, name, dimensions = metric
            found = self.connection.execute(
                "INSERT INTO series (namespace, name, dimensions) VALUES (?, ?, ?) RETURNING id",
                (namespace, name, json.dumps(dict(dimensions))),
            ).fetchone()[0]
            self._ids[metric] = found
        return found

    def _add(self, series: int, minute: int, figures: Figures) -> None:
        for step in KEPT:
            start = minute // step * step
            row = self.connection.execute(f"{_POINTS} AND start = ?", (step, series, start)).fetchone()
            whole = _figures(row) if row else Figures()
            whole.merge(figures)
            bins = json.dumps(whole.bins, separators=(",", ":"))
            point = (step, series, start, whole.count, whole.total, whole.low, whole.high, bins)
            self.connection.execute("INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?, ?, ?, ?, ?)", point)
        self.connection.execute(
            "INSERT INTO totals VALUES (?1, ?2, ?3) "
            "ON CONFLICT (series) DO UPDATE SET count = count + ?2, total = total + ?3",
            (series, figures.count, figures.total),
        )

    def prune(self, now: float) -> None:
        """Drop what has been kept long enough."""
        for step, seconds in KEPT.items():
            self.connection.execute(
                "DELETE FROM points WHERE step = ? AND start < ?", (step, int(now) - seconds - SPARE)
            )

    def read(self, metric: Key, start: int, end: int, period: int) -> list[Figures | None]:
        """One for each period from `start` to `end`, None where there was nothing.

        They end about now. Of more than the last hours, `start` and `period` must be multiples of a longer step.
        """
        found: list[Figures | None] = [None] * math.ceil((end - start) / period)
        series = self._ids.get(metric)
        if series is None:
            return found
        for begun, figures in self._points(series, start, end, period):
            place = (begun - start) // period
            if (present := found[place]) is not None:
                present.merge(figures)
            else:
                found[place] = figures
        return found

    def _points(self, series: int, start: int, end: int, period: int) -> Iterator[tuple[int, Figures]]:
        fitting = (step for step, kept in KEPT.items() if end - start <= kept and period % step == 0)
        step = next(fitting, HOUR)
        for row in self.connection.execute(_BETWEEN, (step, series, start, end)):
            yield row[0], _figures(row)

    def totals(self) -> Iterator[tuple[Key, int, float]]:
        """Of every metric, how many values there ever were, and their sum."""
        found = {series: rest for series, *rest in self.connection.execute("SELECT * FROM totals")}
        for metric, series in self._ids.items():
            count, total = found[series]
            yield metric, count, total

    def newest(self, metric: Key) -> Figures | None:
        """Of the newest minute there is anything of."""
        row = self.connection.execute(
            f"{_POINTS} ORDER BY start DESC LIMIT 1", (MINUTE, self._ids.get(metric))
        ).fetchone()
        return _figures(row) if row else None

    def close(self) -> None:
        self.connection.close()


def _figures(row: tuple[int, int, float, float, float, str]) -> Figures:
    _, count, total, low, high, bins = row
    return Figures(count, total, low, high, {int(number): many for number, many in json.loads(bins).items()})


def _dimensions(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(json.loads(text).items()))
