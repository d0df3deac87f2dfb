import json
import signal
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from .shell import Running, end, line_of

MANY = 2500


@pytest.fixture(scope="module")
def many(running: Running) -> Running:
    """More events than the shop looks at for one answer, and a rare one in front of them."""
    events = [_event("Rare", 0), *(_event("Frequent", number) for number in range(MANY))]
    rows = [(time.time_ns() // 1_000_000, json.dumps(event)) for event in events]
    with closing(sqlite3.connect(running.folder / "cartwheel.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO events (published_at, body) VALUES (?, ?)", rows)
        connection.execute("COMMIT")
    return running


def _event(kind: str, number: int) -> dict[str, Any]:
    """An event of somebody else: it has not our metadata."""
    detail = {"number": number}
    return {"id": f"{number}", "source": "test", "detail-type": kind, "time": "2026-01-01T00:00:00Z", "detail": detail}


def _order(running: Running) -> str:
    answer = httpx.post(f"{running.url}/orders", json={"amount": 1, "currency": "EUR"}, trust_env=False)
    return str(answer.json()["orderId"])


def test_tail_shows_time_type_subject_and_correlation(running: Running) -> None:
    order_id = _order(running)
    for _ in range(100):
        done = running.cartwheel("events", "tail", "--type", "OrderConfirmed", "--last", "1")
        if order_id in done.out:
            break
        time.sleep(0.05)
    assert (done.code, done.err) == (0, "")
    _, kind, subject, correlation_id = done.out.split()
    assert (kind, subject) == ("OrderConfirmed", order_id)
    story = running.cartwheel("logs", "--grep", correlation_id).out
    assert "payment-events" in story
    assert "ordering-placement" in story


@pytest.mark.parametrize("number", [0, 1, 99, 100, 101, 250, MANY])
def test_the_last_events_come_oldest_first_and_all(many: Running, number: int) -> None:
    events = many.cartwheel("events", "tail", "--last", str(number), "--type", "Frequent", "--json").json_lines
    assert [event["detail"]["number"] for event in events] == list(range(MANY - number, MANY))


def test_without_a_type_all_events_are_told_once(many: Running) -> None:
    events = many.cartwheel("events", "tail", "--last", "100000", "--json").json_lines
    assert len(events) > MANY + 1
    assert len({(event["source"], event["id"], event["detail-type"]) for event in events}) == len(events)


def test_a_rare_type_is_found_however_long_ago(many: Running) -> None:
    done = many.cartwheel("events", "tail", "--type", "Rare")
    assert done.out.split() == ["2026-01-01T00:00:00Z", "Rare"]
    assert many.cartwheel("events", "tail", "--type", "Unheard").out == ""


def test_follow_goes_on_with_what_happens_until_ctrl_c(many: Running) -> None:
    process = many.start("events", "tail", "--follow", "--last", "1", "--json")
    assert json.loads(line_of(process))
    order_id = _order(many)
    while True:
        event = json.loads(line_of(process))
        if event["detail-type"] == "OrderConfirmed" and event["detail"]["data"]["orderId"] == order_id:
            break
    process.send_signal(signal.SIGINT)
    done = end(process)
    assert (done.code, done.err) == (130, "")


def test_a_reader_that_has_enough_ends_it_quietly(many: Running) -> None:
    process = many.start("events", "tail", "--last", str(MANY))
    assert line_of(process)
    assert process.stdout
    process.stdout.close()
    assert process.wait(20) == 1
    assert process.stderr
    assert process.stderr.read() == ""
    process.stderr.close()


def test_what_was_published_since_a_time_is_told_from_there_on(many: Running) -> None:
    middle = many.cartwheel("events", "tail", "--last", "300", "--json").json_lines[0]
    before = datetime.now(UTC).isoformat()
    order_id = _order(many)
    while order_id not in many.cartwheel("events", "tail", "--type", "OrderConfirmed", "--last", "5").out:
        time.sleep(0.05)
    events = many.cartwheel("events", "tail", "--since", before, "--json").json_lines
    assert middle not in events
    assert {"OrderSubmitted", "OrderConfirmed"} <= {event["detail-type"] for event in events}
    assert len(many.cartwheel("events", "tail", "--since", "2026-01-01T00:00:00Z", "--json").json_lines) > MANY


def test_a_time_that_is_none_is_told(many: Running) -> None:
    assert "query.since: must be a time such as" in many.cartwheel("events", "tail", "--since", "yesterday").error


def test_list_asks_the_ledger_by_subject_correlation_or_type(running: Running) -> None:
    order_id = _order(running)
    while len(about := running.cartwheel("events", "list", "--subject", order_id, "--json").json_lines) < 3:
        time.sleep(0.05)
    kinds = [event["type"] for event in about]
    assert kinds[0] == "OrderSubmitted"
    assert [event["time"] for event in about] == sorted(event["time"] for event in about)
    story = about[0]["detail"]["metadata"]["correlationId"]
    of_story = running.cartwheel("events", "list", "--correlation", story).out
    assert all(kind in of_story for kind in kinds)
    later = ["--from", about[1]["time"], "--to", about[2]["time"]]
    found = running.cartwheel("events", "list", "--subject", order_id, *later, "--json").json_lines
    assert [event["id"] for event in found] == [about[1]["id"]]
    of_type = running.cartwheel("events", "list", "--type", "OrderSubmitted", "--json").json_lines
    assert about[0] in of_type


def test_list_goes_through_all_pages(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample products were one import."""
    (first, *_) = running.cartwheel("events", "list", "--type", "ProductChanged", "--json").json_lines
    story = first["detail"]["metadata"]["correlationId"]
    events = running.cartwheel("events", "list", "--correlation", story, "--json").json_lines
    monkeypatch.setattr("cartwheel.cli.client.PAGE", 7)
    assert running.cartwheel("events", "list", "--correlation", story, "--json").json_lines == events
    assert len({event["id"] for event in events}) == len(events) > 14


def test_list_says_what_it_can_be_asked_by(running: Running) -> None:
    assert "give one of `type`, `subject` and `correlation`" in running.cartwheel("events", "list").error
