"""The archive of the bus: events go from rows into packed blocks; none is lost, doubled or out of place."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from cartwheel.app import APP
from cartwheel.kernel.bus import ARCHIVED
from cartwheel.local import archive
from cartwheel.local.archive import Archived
from cartwheel.local.database import open_for_writing

DAY = 86_400_000
NOW = 1_800_000_000_000


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "BLOCK", 10)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_for_writing(tmp_path, APP)
    yield connection
    connection.close()


def fill(connection: sqlite3.Connection, number: int, age_days: int = 100) -> list[Archived]:
    """So many events, one for each minute, the first so old."""
    begin = NOW - age_days * DAY
    for minute in range(number):
        archive.keep(connection, f'{{"ü":{minute}}}', begin + minute * 60_000)
    return everything(connection)


def everything(connection: sqlite3.Connection) -> list[Archived]:
    return list(archive.read(connection, *archive.positions(connection)))


def rows(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])


def pack_all(connection: sqlite3.Connection, moment: int = NOW) -> int:
    blocks = 0
    while archive.pack(connection, moment):
        blocks += 1
    return blocks


def test_nothing_is_an_archive_too(connection: sqlite3.Connection) -> None:
    assert not archive.pack(connection, NOW)
    archive.forget(connection, NOW)
    assert archive.positions(connection) == (1, 0)
    assert everything(connection) == []
    assert archive.position_at(connection, NOW) == 1


@pytest.mark.parametrize("number", [1, 9, 10, 11, 35, 40])
def test_packed_events_are_read_like_rows(connection: sqlite3.Connection, number: int) -> None:
    events = fill(connection, number)
    assert [event.position for event in events] == list(range(1, number + 1))
    blocks = pack_all(connection)
    assert (blocks, rows(connection)) == ((number - 1) // 10, number - (number - 1) // 10 * 10)
    assert everything(connection) == events
    for start in range(1, number + 1, 3):
        for end in (start, start + 1, start + 14):
            assert list(archive.read(connection, start, end)) == events[start - 1 : end]


def test_one_row_stays_so_that_a_used_shop_is_never_taken_for_a_new_one(connection: sqlite3.Connection) -> None:
    fill(connection, 10)
    assert pack_all(connection) == 0


def test_only_old_events_are_packed(connection: sqlite3.Connection) -> None:
    events = fill(connection, 35, age_days=14)
    tenth = events[9].published_at + archive.UNPACKED_MS
    assert pack_all(connection, tenth - 1) == 0
    assert pack_all(connection, tenth) == 1


def test_positions_go_on_behind_what_is_packed(connection: sqlite3.Connection) -> None:
    fill(connection, 21)
    pack_all(connection)
    assert [event.position for event in fill(connection, 3, age_days=1)] == list(range(1, 25))


def test_every_moment_is_found(connection: sqlite3.Connection) -> None:
    events = fill(connection, 35)
    for _ in range(4):
        for event in events:
            assert archive.position_at(connection, event.published_at) == event.position
            assert archive.position_at(connection, event.published_at + 1) == event.position + 1
        assert archive.position_at(connection, 0) == 1
        archive.pack(connection, NOW)


def test_a_crash_while_packing_changes_nothing(connection: sqlite3.Connection) -> None:
    events = fill(connection, 35)
    connection.execute("BEGIN IMMEDIATE")
    assert archive.pack(connection, NOW)
    connection.execute("ROLLBACK")
    assert rows(connection) == 35
    assert everything(connection) == events


def test_after_ten_years_they_are_forgotten_block_by_block(connection: sqlite3.Connection) -> None:
    events = fill(connection, 35)
    pack_all(connection)
    end = ARCHIVED.days * DAY
    archive.forget(connection, events[9].published_at + end)
    assert archive.positions(connection) == (1, 35)
    archive.forget(connection, events[9].published_at + end + 1)
    assert everything(connection) == events[10:]


def test_a_block_takes_a_fraction_of_its_events(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "BLOCK", 1000)
    detail = '{"metadata":{"subject":"%032x","correlationId":"%032x"},"data":{"amount":1999,"currency":"EUR"}}'
    for number in range(1001):
        archive.keep(connection, detail % (number << 90, number << 95), NOW - 100 * DAY)
    (before,) = connection.execute("SELECT sum(length(body)) FROM events").fetchone()
    archive.pack(connection, NOW)
    assert connection.execute("SELECT length(events) FROM archive").fetchone()[0] < before / 5
