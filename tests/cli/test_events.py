import json
import signal
import sqlite3
import time
from contextlib import closing
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
