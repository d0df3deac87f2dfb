"""`cartwheel invoke`, and what the log tells of it."""

import json
import time
from pathlib import Path

import pytest

from tests.ledger.world import ORDER

from .shell import Running, line_of


def test_an_order_is_published_and_the_processor_logs_it(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    file.write_text(json.dumps(ORDER | {"orderId": "FROM-A-FILE"}))
    answer = running.cartwheel("invoke", "EventPublisher", "--payload", f"@{file}")
    assert (answer.code, answer.err) == (0, "")
    event_id = answer.json["eventId"]
    for _ in range(100):
        logged = running.cartwheel("logs", "OrderProcessor", "--grep", event_id, "--json")
        if logged.code == 0 and logged.out:
            break
        time.sleep(0.1)
    assert logged.json_lines[0]["orderId"] == "FROM-A-FILE"


def test_the_log_of_the_processor_is_followed(running: Running) -> None:
    running.cartwheel("invoke", "EventPublisher", "--payload", json.dumps(ORDER))
    while running.cartwheel("logs", "OrderProcessor").code:
        time.sleep(0.1)  # until there is a log
    follower = running.start("logs", "OrderProcessor", "--follow", "--last", "0", "--grep", "FOLLOWED")
    try:
        time.sleep(1.5)
        running.cartwheel("invoke", "EventPublisher", "--payload", json.dumps(ORDER | {"orderId": "FOLLOWED"}))
        assert "orderId=FOLLOWED" in line_of(follower)
    finally:
        follower.kill()
        follower.communicate(timeout=20)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("EventPublisher",), "EventPublisher failed: InvalidPayload: orderId: Field required"),
        (("EventPublisher", "--payload", "{"), "Could not parse request body into json"),
        (("EventPublisher", "--payload", "@nowhere.json"), "There is no file nowhere.json"),
        (("Nobody",), "Function not found: Nobody; by name one can invoke EventPublisher"),
        (("Event/Publisher",), "Of Lambda's calls only Invoke is answered here"),
    ],
)
def test_what_goes_wrong_is_told_in_a_line(running: Running, arguments: tuple[str, ...], error: str) -> None:
    assert running.cartwheel("invoke", *arguments).error.startswith(error)
