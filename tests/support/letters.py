"""Dead letters for a shop that runs: made beside it, as its queues make them."""

import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from cartwheel.local.database import FILE
from cartwheel.local.letters import bury as bury_message


def bury(folder: Path, queue: str, dead: Iterable[tuple[str, str]]) -> list[int]:
    """A dead letter for each body and error; their ids."""
    moment = time.time_ns() // 1_000_000
    message = (
        "INSERT INTO messages (queue, body, sent_at, visible_at, received_at, receives, error) "
        "VALUES (?1, ?2, ?3, ?3, ?3, 5, ?4)"
    )
    ids = []
    with closing(sqlite3.connect(folder / FILE, isolation_level=None, timeout=30)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for body, error in dead:
            number = connection.execute(message, (queue, body, moment, error)).lastrowid
            assert number
            bury_message(connection, number, moment)
            ids.append(number)
        connection.execute("COMMIT")
    return ids


def forget(folder: Path) -> None:
    """No dead letter is left."""
    with closing(sqlite3.connect(folder / FILE, isolation_level=None, timeout=30)) as connection:
        connection.execute("DELETE FROM dead_letters")


def make_older(folder: Path, days: int) -> None:
    """As if all letters had first been sent so many days earlier."""
    with closing(sqlite3.connect(folder / FILE, isolation_level=None, timeout=30)) as connection:
        connection.execute("UPDATE dead_letters SET first_sent_at = first_sent_at - ?", (days * 86_400_000,))
