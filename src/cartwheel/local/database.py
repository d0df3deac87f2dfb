"""The data folder's SQLite file: one writing connection (the storage process), any number of reading ones."""

import sqlite3
from pathlib import Path
from typing import Final

import orjson

from cartwheel.kernel.topology import App, Index, Table

from . import letter_table

FILE: Final = "cartwheel.db"

_PRAGMAS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA secure_delete = FAST;
PRAGMA cache_size = -65536;
PRAGMA wal_autocheckpoint = 4000;
PRAGMA temp_store = MEMORY;
PRAGMA wal_checkpoint(TRUNCATE); -- a crash may have left a forgotten key in the log
"""

_HOST_TABLES = """
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, body TEXT NOT NULL, sent_at INTEGER NOT NULL,
    visible_at INTEGER NOT NULL, receives INTEGER NOT NULL DEFAULT 0, error TEXT);
CREATE INDEX IF NOT EXISTS messages_visible ON messages (queue, visible_at, id);
CREATE TABLE IF NOT EXISTS dead_letters (
    id INTEGER PRIMARY KEY, queue TEXT NOT NULL, body TEXT NOT NULL, sent_at INTEGER NOT NULL,
    died_at INTEGER NOT NULL, receives INTEGER NOT NULL, error TEXT);
CREATE INDEX IF NOT EXISTS dead_letters_queue ON dead_letters (queue, id);
CREATE TABLE IF NOT EXISTS events (
    position INTEGER PRIMARY KEY AUTOINCREMENT, published_at INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS archive (
    first INTEGER PRIMARY KEY, last INTEGER NOT NULL, published_at INTEGER NOT NULL, events BLOB NOT NULL);
"""


def open_for_writing(folder: Path, app: App) -> sqlite3.Connection:
    """The one writing connection; makes or extends the schema so that it fits the map."""
    connection = sqlite3.connect(folder / FILE, isolation_level=None, check_same_thread=False)
    connection.executescript(_PRAGMAS)
    connection.executescript(_HOST_TABLES)
    connection.create_function("attribute", 2, lambda item, name: orjson.loads(item).get(name), deterministic=True)
    connection.execute("BEGIN IMMEDIATE")  # a new column and what it is filled with come together, or not at all
    letter_table.prepare(connection)
    for table in app.tables:
        _create_table(connection, table)
    connection.execute("COMMIT")
    return connection


def open_for_reading(folder: Path) -> sqlite3.Connection:
    """A connection that only reads: it never waits for the writer, nor the writer for it."""
    path = (folder / FILE).resolve().as_uri()
    connection = sqlite3.connect(f"{path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA query_only = ON")
    return connection


def physical(table: str) -> str:
    """The quoted name of a slice's table."""
    return f'"items_{table}"'


def indexed_attributes(table: Table) -> list[str]:
    """The attributes that the table's indexes need, each a column beside the item."""
    return sorted({name for index in table.all_indexes for name in (index.partition, index.sort)})


def _create_table(connection: sqlite3.Connection, table: Table) -> None:
    name = physical(table.name)
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {name} (pk TEXT NOT NULL, sk TEXT NOT NULL, item TEXT NOT NULL, expires INTEGER)"
    )
    connection.execute(f'CREATE UNIQUE INDEX IF NOT EXISTS "key_{table.name}" ON {name} (pk, sk)')
    connection.execute(
        f'CREATE INDEX IF NOT EXISTS "expires_{table.name}" ON {name} (expires) WHERE expires IS NOT NULL'
    )
    present = {row[1] for row in connection.execute(f"PRAGMA table_info({name})")}
    for attribute in indexed_attributes(table):
        if attribute not in present:
            connection.execute(f'ALTER TABLE {name} ADD COLUMN "{attribute}" TEXT')
            connection.execute(f'UPDATE {name} SET "{attribute}" = attribute(item, ?)', (attribute,))
    for index in table.all_indexes:
        _create_index(connection, table, index)


def _create_index(connection: sqlite3.Connection, table: Table, index: Index) -> None:
    connection.execute(
        f'CREATE INDEX IF NOT EXISTS "index_{table.name}_{index.name}" ON {physical(table.name)} '
        f'("{index.partition}", "{index.sort}", pk, sk) WHERE "{index.partition}" IS NOT NULL'
    )
