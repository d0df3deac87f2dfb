"""The pool's own SQLite file, apart from the shop's: readable by its owner alone, and what is deleted is wiped."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from .errors import BUSY, Refused

FILE: Final = "identity.sqlite"
MAX_WAITING: Final = 256  # transactions that may wait for the thread
PATIENCE: Final = 5.0  # seconds for another process that deletes an account at this moment

Result = TypeVar("Result")

_SCHEMA: Final = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS accounts (
    sub TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, password TEXT NOT NULL, attributes TEXT NOT NULL,
    confirmed INTEGER NOT NULL, registered INTEGER NOT NULL, enabled INTEGER NOT NULL,
    created_at INTEGER NOT NULL, changed_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS members (
    sub TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE, name TEXT NOT NULL, PRIMARY KEY (sub, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sign_ins (
    origin_jti TEXT PRIMARY KEY, sub TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE, refresh BLOB NOT NULL UNIQUE,
    auth_time INTEGER NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sign_ins_of ON sign_ins (sub);
CREATE TABLE IF NOT EXISTS revoked (origin_jti TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS codes (
    sub TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE, purpose TEXT NOT NULL, code TEXT NOT NULL,
    expires_at INTEGER NOT NULL, failures INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (sub, purpose)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mails (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, recipient TEXT NOT NULL, subject TEXT NOT NULL,
    text TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    tried_at INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS mails_to ON mails (recipient);
"""


def connect(folder: Path) -> sqlite3.Connection:
    """A connection that may write, for one thread at a time; makes the file on first use."""
    path = folder / FILE
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite's other files get the same rights
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    for pragma in ("synchronous = FULL", "secure_delete = ON", "foreign_keys = ON", "temp_store = MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
    connection.executescript(_SCHEMA)
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All or nothing, and durable at the end."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def forget(connection: sqlite3.Connection) -> None:
    """What was wiped in the file is still in its log: empty that, too."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class Database:
    """The host's one writer: a thread of its own, so that no flush ever holds up the event loop."""

    def __init__(self, folder: Path) -> None:
        self._connection = connect(folder)
        self._thread = ThreadPoolExecutor(1, "identity")
        self._waiting = 0

    async def run(self, work: Callable[[sqlite3.Connection], Result | Refused]) -> Result:
        """What `work` answers, after its transaction is on the disk.

        A Refused that it *returns* is raised then: the transaction stands, such as one more failure counted. What it
        raises undoes it. Raises Refused, too, when too many wait.
        """
        if self._waiting >= MAX_WAITING:
            raise Refused(BUSY, "Too many requests wait already; try again in a moment.")
        self._waiting += 1
        try:
            result = await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work)
        finally:
            self._waiting -= 1
        if isinstance(result, Refused):
            raise result
        return result

    async def outside(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Work that is no transaction."""
        await asyncio.get_running_loop().run_in_executor(self._thread, work, self._connection)

    def _transact(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        with transaction(self._connection):
            return work(self._connection)

    def close(self) -> None:
        """After what is under way."""
        self._thread.shutdown()
        self._connection.close()
