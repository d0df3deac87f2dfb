"""`cartwheel rebuild`: which events, what is told of differences, and what is asked before anything live is changed."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cartwheel.cli import rebuilding
from cartwheel.local.database import FILE

from .shell import Running

PATH = "UPDATE items_basket SET item = json_set(item, ?, ?) WHERE pk = ?"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "MOMENT", 0.0)


def spoil(folder: Path, name: str, value: object) -> None:
    with closing(sqlite3.connect(folder / FILE, timeout=10)) as connection:
        connection.execute(PATH, (f"$.{name}", value, "OFFER#mug-white"))
        connection.commit()


@pytest.fixture
def spoilt(running: Running) -> Iterator[Running]:
    """A price is not what the catalog told, until the test is over."""
    with closing(sqlite3.connect(running.folder / FILE, timeout=10)) as connection:
        (price,) = connection.execute(
            "SELECT json_extract(item, '$.regular') FROM items_basket WHERE pk = 'OFFER#mug-white'"
        ).fetchone()
    spoil(running.folder, "regular", 1)
    yield running
    spoil(running.folder, "regular", price)


@pytest.mark.parametrize("projection", ["prices", "mails"])
def test_a_shop_that_is_well_equals_its_events(running: Running, projection: str) -> None:
    done = running.cartwheel("rebuild", projection)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{projection}: ")
    assert done.out.endswith(": equal\n")


def test_a_difference_is_named_with_its_remedy(spoilt: Running) -> None:
    done = spoilt.cartwheel("rebuild", "prices")
    assert done.code == 1
    assert "OFFER#mug-white  changed      regular: 1 instead of 1150" in done.out
    assert done.out.endswith(": 1 changed\n")
    assert done.err == "The same command with --swap makes the live items what the events come to.\n"


def test_without_a_terminal_nothing_is_swapped_unasked(spoilt: Running) -> None:
    done = spoilt.cartwheel("rebuild", "prices", "--swap")
    assert done.error == "Swap 1 live items of prices (1 changed)? Nobody can be asked here; say --yes."
    assert spoilt.cartwheel("rebuild", "prices").code == 1
    assert spoilt.cartwheel("rebuild", "prices", "--swap", "--yes").code == 0
    assert spoilt.cartwheel("rebuild", "prices").code == 0


@pytest.fixture
def behind(running: Running) -> Iterator[Running]:
    """An event has waited for the ledger for a minute, until the test is over."""
    with closing(sqlite3.connect(running.folder / FILE, timeout=10)) as connection:
        later, moment = int(time.time() + 600) * 1000, int(time.time() - 60) * 1000
        values = ("ledger-events", "{}", moment, later)
        connection.execute("INSERT INTO messages (queue, body, sent_at, visible_at) VALUES (?, ?, ?, ?)", values)
        connection.commit()
        yield running
        connection.execute("DELETE FROM messages WHERE visible_at = ?", (later,))
        connection.commit()


def test_nothing_is_swapped_for_a_copy_that_may_be_older_than_what_is_live(spoilt: Running, behind: Running) -> None:
    done = behind.cartwheel("rebuild", "prices", "--swap", "--yes")
    assert done.error.startswith("Nothing was swapped: the ledger is 6")
    assert "Say it again when nothing waits at ledger-events" in done.error
    assert spoilt.cartwheel("rebuild", "prices").code == 1  # it only looks, so it may


def test_some_of_the_events(running: Running) -> None:
    """By their subject, type and time; only what they touched is compared."""
    found = running.cartwheel("rebuild", "prices", "--json").json
    changed = running.cartwheel("rebuild", "prices", "--type", "ProductChanged", "--json").json
    assert (changed["applied"], changed["compared"]) == (found["applied"], found["compared"])
    assert running.cartwheel("rebuild", "prices", "--type", "ProductRemoved", "--json").json["applied"] == 0
    assert running.cartwheel("rebuild", "prices", "--subject", "nothing", "--json").json["compared"] == 0
    assert running.cartwheel("rebuild", "prices", "--from", "2020-01-01", "--to", "2020-02-01", "--json").json == {
        "projection": "prices",
        "applied": 0,
        "failed": [],
        "compared": 0,
        "swapped": 0,
        "differences": [],
    }


def test_a_copy_can_be_kept(running: Running) -> None:
    done = running.cartwheel("rebuild", "prices", "--keep")
    assert done.code == 0
    assert "/projections/prices/copies/" in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("price",), 1, "There is no projection 'price'; there are mails, prices."),
        (("prices", "--type", "OrderPlaced"), 1, "prices is not made of OrderPlaced, but of ProductChanged, Product"),
        (("prices", "--from", "yesterday"), 2, "'yesterday' is no time such as 2026-11-20 or 2026-11-20T19:22:26Z"),
        (("prices", "--yes"), 2, "--remove-extra and --yes go with --swap"),
        (("prices", "--swap", "--remove-extra", "--type", "x"), 2, "only a rebuild of all events tells what is extra"),
        (("prices", "--from", "2026-11-02", "--to", "2026-11-01"), 1, "from: is later than `to`"),
    ],
)
def test_what_cannot_be_rebuilt(running: Running, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = running.cartwheel("rebuild", *arguments)
    assert (done.code, said in done.err) == (code, True), done.err
