import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest

from .shell import Running

COLUMNS = "id, queue, body, sent_at, died_at, receives, error"
QUEUE = "inventory-events"


@pytest.fixture
def letters(running: Running) -> Iterator[list[int]]:
    """Dead letters whose events were handled long ago, and one that is no event."""
    event = running.cartwheel("events", "tail", "--last", "1", "--type", "StockCounted", "--json").out
    bodies = [event] * 120 + ["\x1b[2Jbroken"]
    numbers = [1_000_000_000 + number for number in range(len(bodies))]
    rows = [(number, QUEUE, body, _now(), "Boom: \x1b[2J") for number, body in zip(numbers, bodies, strict=True)]
    _execute(running, f"INSERT INTO dead_letters ({COLUMNS}) VALUES (?, ?, ?, 0, ?, 5, ?)", rows)
    yield numbers
    _execute(running, "DELETE FROM dead_letters", [()])


def _execute(running: Running, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
    with closing(sqlite3.connect(running.folder / "cartwheel.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(sql, rows)
        connection.execute("COMMIT")


def _now() -> int:
    return time.time_ns() // 1_000_000


def test_there_are_none(running: Running) -> None:
    assert running.cartwheel("dead-letters", "list").out == "There are no dead letters.\n"
    assert running.cartwheel("dead-letters", "list", "--json").json == {"items": []}
    assert running.cartwheel("dead-letters", "redrive", "--all").out == "There are no dead letters.\n"


def test_list_is_whole_though_the_shop_answers_in_pages(running: Running, letters: list[int]) -> None:
    done = running.cartwheel("dead-letters", "list")
    assert (done.code, done.err) == (0, "")
    words = [line.split() for line in done.out.splitlines()]
    assert words[0] == ["id", "queue", "died", "receives", "error"]
    assert [int(each[0]) for each in words[1:]] == letters
    listed = running.cartwheel("dead-letters", "list", "--queue", QUEUE, "--json").json["items"]
    assert [item["id"] for item in listed] == letters
    assert running.cartwheel("dead-letters", "list", "--queue", "payment-events", "--json").json == {"items": []}


def test_what_others_wrote_does_not_steer_the_terminal(running: Running, letters: list[int]) -> None:
    for arguments in (("list",), ("show", str(letters[-1])), ("show", str(letters[-1]), "--json")):
        assert "\x1b" not in running.cartwheel("dead-letters", *arguments).out


def test_show(running: Running, letters: list[int]) -> None:
    done = running.cartwheel("dead-letters", "show", str(letters[0]))
    assert (done.code, done.err) == (0, "")
    assert f"queue     {QUEUE}\n" in done.out
    assert '"detail-type": "StockCounted"' in done.out
    whole = running.cartwheel("dead-letters", "show", str(letters[0]), "--json").json
    assert (whole["id"], whole["queue"], whole["receives"]) == (letters[0], QUEUE, 5)
    assert whole["body"]["detail-type"] == "StockCounted"
    broken = running.cartwheel("dead-letters", "show", str(letters[-1]), "--json").json
    assert broken["body"] == "\x1b[2Jbroken"


def test_redrive_of_one_then_of_its_queue(running: Running, letters: list[int]) -> None:
    assert running.cartwheel("dead-letters", "redrive", str(letters[-1]), "--json").json == {"redriven": 1}
    assert running.cartwheel("dead-letters", "redrive", str(letters[0])).out == "1 dead letter is back on its queue.\n"
    done = running.cartwheel("dead-letters", "redrive", "--queue", QUEUE)
    assert done.out == "119 dead letters are back on their queues.\n"
    assert running.cartwheel("dead-letters", "list", "--json").json == {"items": []}


def test_one_that_is_not_there(running: Running) -> None:
    for command in ("show", "redrive"):
        assert running.cartwheel("dead-letters", command, "7").error == "There is no dead letter 7."


def test_a_queue_that_is_not_there(running: Running) -> None:
    for arguments in (("list",), ("redrive",)):
        error = running.cartwheel("dead-letters", *arguments, "--queue", "queue").error
        assert error.startswith("query.queue: there is no queue of that name; there are catalog-import, ")
