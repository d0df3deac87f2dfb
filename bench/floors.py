"""What the machine gives: durable commits and flushes of the file system that holds the data folder."""

import os
import sqlite3
import time
from pathlib import Path
from typing import Final

from cartwheel.kernel.ids import new_id

from .figures import Figures, latencies

ORDER_BYTES: Final = 800  # about what a confirmed order of one line takes in its table
BLOCK: Final = bytes(4096)


def commit_floor(folder: Path, seconds: float) -> Figures:
    """Orders a second if an order were nothing but one row, inserted durably in a commit of its own."""
    connection = sqlite3.connect(folder / "floor.db", isolation_level=None)
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
    connection.execute("CREATE TABLE orders (pk TEXT PRIMARY KEY, item TEXT NOT NULL)")
    item = "x" * ORDER_BYTES
    begin, commits = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - begin) < seconds:
        connection.execute("INSERT INTO orders VALUES (?, ?)", (new_id(), item))
        commits += 1
    connection.close()
    return {"commit.rate": commits / elapsed}


def flush_probe(folder: Path, seconds: float) -> Figures:
    """Milliseconds that an fsync after an append of 4 KiB takes: what no durable write can be faster than."""
    taken: list[float] = []
    handle = os.open(folder / "probe", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    end = time.perf_counter() + seconds
    while (begin := time.perf_counter()) < end or not taken:
        os.write(handle, BLOCK)
        os.fsync(handle)
        taken.append(time.perf_counter() - begin)
    os.close(handle)
    return latencies("flush", taken) | {"flush.max": max(taken) * 1000}
