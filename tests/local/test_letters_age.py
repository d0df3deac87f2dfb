"""How old a letter may be to go back, and what becomes of those of an earlier version."""

import json
import sqlite3
from pathlib import Path

from cartwheel.local.database import open_for_writing
from cartwheel.local.letter_pages import causes
from cartwheel.local.letters import TOO_OLD, Selection
from tests.contract.adapters import MAP
from tests.support.letterbox import DAY_MS, RED, Clock, Letterbox, event


def test_a_letter_too_old_to_be_safe_is_refused(letterbox: Letterbox) -> None:
    letterbox.send("one")
    letterbox.bury()
    (letter,) = letterbox.letters()
    letterbox.clock.wait(19 * DAY_MS)
    assert letterbox.step(Selection()).refused == [(letter["id"], TOO_OLD)]
    assert letterbox.letters() == [letter]
    assert letterbox.waiting() == []


def test_the_age_counts_from_the_first_sending_whatever_was_redriven_since(letterbox: Letterbox) -> None:
    letterbox.send("one")
    for _ in range(2):
        letterbox.bury()
        letterbox.clock.wait(9 * DAY_MS)
        assert len(letterbox.step(Selection()).sent) == 1
    letterbox.bury()
    letterbox.clock.wait(DAY_MS)
    assert letterbox.step(Selection()).sent == []
    assert len(letterbox.letters()) == 1


def test_a_redriven_message_that_nobody_takes_in_time_is_not_delivered_either(letterbox: Letterbox) -> None:
    """The redrive was in time; its consumer stood still until it no longer was."""
    letterbox.send("one")
    letterbox.bury()
    letterbox.clock.wait(18 * DAY_MS)
    assert len(letterbox.step(Selection()).sent) == 1
    letterbox.clock.wait(DAY_MS)
    assert letterbox.receive() == []
    (letter,) = letterbox.letters()
    assert letter["error"] == TOO_OLD
    assert letterbox.engine.backlog == 0


FIRST_VERSION = """
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, body TEXT NOT NULL, sent_at INTEGER NOT NULL,
    visible_at INTEGER NOT NULL, receives INTEGER NOT NULL DEFAULT 0, error TEXT);
CREATE INDEX messages_visible ON messages (queue, visible_at, id);
CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY, queue TEXT NOT NULL, body TEXT NOT NULL, sent_at INTEGER NOT NULL,
    died_at INTEGER NOT NULL, receives INTEGER NOT NULL, error TEXT);
CREATE INDEX dead_letters_queue ON dead_letters (queue, id);
"""


def test_a_folder_of_the_first_version_is_brought_up_to_date(folder: Path, clock: Clock) -> None:
    """Its letters are found by cause, and an old event in a letter that was redriven then counts as old."""
    old = sqlite3.connect(folder / "cartwheel.db")
    old.executescript(FIRST_VERSION)
    ancient = {"detail-type": "Red", "time": "2020-01-01T00:00:00Z", "detail": {}}
    letter = "INSERT INTO dead_letters VALUES (?, 'red-things', ?, ?, ?, 3, 'Boom: 7')"
    old.executemany(letter, [(1, json.dumps(ancient), clock.now, clock.now), (2, event(2), clock.now, clock.now)])
    message = (
        "INSERT INTO messages (id, queue, body, sent_at, visible_at, receives, error) VALUES (?, ?, ?, ?, ?, ?, ?)"
    )
    old.execute(message, (3, RED, "on its way", clock.now, clock.now, 1, "failed before"))
    old.commit()
    old.close()
    for _ in range(2):  # the second start finds it done
        connection = open_for_writing(folder, MAP)
        letterbox = Letterbox(connection, clock)
        assert [item["letters"] for item in causes(connection, None)["items"]] == [2]
        assert [each["orderId"] for each in letterbox.letters()] == [None, "order-2"]
        assert letterbox.whole(1)["history"] == []
        connection.close()
    connection = open_for_writing(folder, MAP)
    letterbox = Letterbox(connection, clock)
    assert letterbox.step(Selection()).refused == [(1, TOO_OLD)]
    assert letterbox.waiting() == ["on its way", event(2)]
    letterbox.bury("broken")
    assert [len(letterbox.whole(each["id"])["history"]) for each in letterbox.letters()] == [0, 3, 4]
    connection.close()
