"""A data folder with as many stored orders as one wants, as if they had been bought over the last three months."""

import sqlite3
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from shutil import disk_usage
from typing import Final

from cartwheel.cli.output import progress
from cartwheel.local import archive
from cartwheel.local.database import FILE
from cartwheel.local.queues import now_ms

from .specimens import Pattern, Specimens

PERIOD: Final = timedelta(days=90)
FULFILLED_AFTER: Final = timedelta(days=7)
CHUNK: Final = 1000  # orders that share their times and a commit
BYTES_PER_ORDER: Final = 32_000  # more than it takes

# Nothing else reads or writes the file, and when this fails the folder is thrown away.
IN_HASTE: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA cache_size = -262144;
"""


class NoRoom(Exception):
    """The file system cannot hold so many orders."""


def check_room(place: Path, numbers: Sequence[int]) -> None:
    """Raises NoRoom when folders with so many orders each, and a copy of one of them, are too much for the place."""
    needed, free = (sum(numbers) + max(numbers)) * BYTES_PER_ORDER, disk_usage(place).free
    if needed > free:
        raise NoRoom(
            f"the stored orders need {needed >> 20:,} MiB in {place}, and {free >> 20:,} MiB are free; "
            "ask for fewer with --stored, or name another folder with --on"
        )


def fill(folder: Path, specimens: Specimens, orders: int) -> None:
    """Store so many orders in the data folder of a shop that does not run, the oldest first."""
    connection = sqlite3.connect(folder / FILE, isolation_level=None)
    connection.executescript(IN_HASTE)
    chunk = max(1, min(CHUNK, orders // 100))
    with progress(f"storing {orders:,} orders") as advance:
        for start in range(0, orders, chunk):
            age = PERIOD * (1 - start / orders)
            size = min(chunk, orders - start)
            _store(connection, _copies(specimens, age, size, PERIOD / orders))
            advance(start + size, orders)
    while archive.pack(connection, now_ms()):
        pass
    connection.close()


Rows = dict[str, list[list[str]]]  # by table


def _copies(specimens: Specimens, age: timedelta, orders: int, apart: timedelta) -> Rows:
    kinds = specimens.fulfilled if age > FULFILLED_AFTER else specimens.confirmed
    patterns = [Pattern(rows, age) for rows in kinds]
    begin, step = (time.time() - age.total_seconds()) * 1000, apart.total_seconds() * 1000
    copies: Rows = defaultdict(list)
    for number in range(orders):
        for table, row in patterns[number % len(patterns)].copy(int(begin + number * step)):
            copies[table].append(row)
    return copies


def _store(connection: sqlite3.Connection, copies: Rows) -> None:
    connection.execute("BEGIN")
    for table, rows in copies.items():
        values = ", ".join(["nullif(?, '')"] * len(rows[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({values})", rows)
    connection.execute("COMMIT")
