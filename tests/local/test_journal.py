"""The journal of a data folder: lines found by an id in all log files, and what queues hold."""

import json
import os
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cartwheel.kernel import journal as port
from cartwheel.kernel.clock import now
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.journal import Unreachable
from cartwheel.kernel.queue import Failure
from cartwheel.local import journal as local
from cartwheel.local.journal import FileJournal
from cartwheel.ordering.events import OrderSubmitted
from tests.support.shop import Shop

ORDER = new_id()
SINCE = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


def write(file: Path, *lines: str) -> None:
    file.write_text("".join(f"{line}\n" for line in lines))


def line(second: int, about: str = ORDER, **facts: Any) -> str:
    return json.dumps({"timestamp": f"2026-11-21T13:00:{second:02}.5+01:00", "orderId": about, **facts})


def found(folder: Path, since: datetime = SINCE) -> list[str]:
    return [line["timestamp"][-10:] for line in journal(folder).lines(ORDER, since)]


def journal(folder: Path) -> FileJournal:
    return FileJournal(folder, reader=None)  # type: ignore[arg-type]


def test_lines_of_all_files_come_in_one_order(logs: Path) -> None:
    write(logs / "a.jsonl", line(1), line(4), line(5, new_id()))
    write(logs / "a.jsonl.1", line(0), line(2, about="x", path=f"/orders/{ORDER}/cancel"))
    write(logs / "b.jsonl", line(3))
    (logs / "c.jsonl").touch()
    assert found(logs) == [f":00:0{n}.500Z"[-10:] for n in range(5)]
    assert journal(logs).lines(ORDER, SINCE)[0]["timestamp"] == "2026-11-21T12:00:00.500Z"


def test_what_is_no_line_of_ours_is_passed_over(logs: Path) -> None:
    said = [f"printed {ORDER}", f'["{ORDER}"]', f'{{"orderId": "{ORDER}"}}', f'{{"timestamp": "now", "a": "{ORDER}"}}']
    write(logs / "a.jsonl", *said, line(1), "Traceback …")
    with (logs / "a.jsonl").open("a") as file:
        file.write(line(2)[:-9])  # whoever writes it is not done
    assert found(logs) == ["00:01.500Z"]


def test_a_line_that_has_the_id_twice_is_one(logs: Path) -> None:
    write(logs / "a.jsonl", line(1, subject=ORDER, path=f"/orders/{ORDER}"))
    assert len(found(logs)) == 1


def test_files_that_ended_before_are_not_read(logs: Path) -> None:
    write(logs / "a.jsonl.1", line(1))
    long_ago = (now() - timedelta(days=3)).timestamp()
    os.utime(logs / "a.jsonl.1", (long_ago, long_ago))
    assert found(logs, now() - timedelta(days=2)) == []
    assert len(found(logs, now() - timedelta(days=4))) == 1


def test_of_many_lines_the_newest_are_told(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "MOST_LINES", 3)
    write(logs / "a.jsonl", *(line(n) for n in range(5)))
    write(logs / "b.jsonl", *(line(n) for n in range(5, 7)))
    assert [text[:5] for text in found(logs)] == ["00:04", "00:05", "00:06"]
    assert port.MOST_LINES > 3


def test_a_folder_without_logs_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="log files"):
        found(tmp_path / "nowhere")


def order(shop: Shop) -> str:
    order_id = str(shop.request("POST", "/orders", {"amount": 1, "currency": "EUR"}).json["orderId"])
    shop.relay()
    return order_id


def test_a_message_that_waits_one_that_failed_and_one_that_died(shop: Shop) -> None:
    order_id, queues = order(shop), shop.engine.queues
    other = shop.publish(OrderSubmitted(order_id=f"not {order_id}"))
    assert order_id in str(other)
    placing = [each for each in shop.journal.held(order_id) or [] if each.function == "ordering-placement"]
    (event,) = [each for each in shop.envelopes() if each["detail"]["data"]["orderId"] == order_id]
    assert [(each.event_id, each.event_type, each.receives) for each in placing] == [(event["id"], "OrderSubmitted", 0)]
    for attempt in range(1, 6):
        with shop.engine.group():
            shop._connection.execute("UPDATE messages SET visible_at = 0")
            messages = queues.receive("ordering-placement", 10)
            queues.settle("ordering-placement", [], [Failure(each.id, f"no {attempt}") for each in messages])
        (held,) = [each for each in shop.journal.held(order_id) or [] if each.function == "ordering-placement"]
        assert held.error == f"no {attempt}"
        assert [each.error for each in held.history] == [f"no {number}" for number in range(1, attempt + 1)]
        assert (held.next_at is None, held.letter is None) == (attempt == 5, attempt < 5)
    assert held.history[0].at <= held.history[-1].at


def test_queues_that_cannot_be_read_say_so(shop: Shop) -> None:
    assert isinstance(shop.journal, FileJournal)
    with closing(shop.journal.reader):
        pass
    with pytest.raises(Unreachable, match="queues"):
        shop.journal.held(ORDER)
