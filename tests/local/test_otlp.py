"""What a collector gets: every traced span once, in its own form; and what it does not take holds nobody up."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cartwheel.local import otlp
from cartwheel.local.otlp import Exporter
from tests.kernel.test_spans import TRACE, answered, handled
from tests.support.collector import Collector, running_collector


@pytest.fixture
def collector() -> Iterator[Collector]:
    with running_collector() as collector:
        yield collector


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(otlp, "EVERY", 0.02)
    write(tmp_path, handled(25, "of-before"))
    return tmp_path


def write(folder: Path, *lines: dict[str, Any]) -> None:
    with (folder / "all.jsonl").open("a") as log:
        log.writelines(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)


def wait_for(condition: Any) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_spans_in_the_form_of_otlp(folder: Path, collector: Collector) -> None:
    stop = Exporter(folder, f"{collector.url}/", lambda *_: None).start()
    write(folder, answered(status=503, parentSpanId="c" * 16), handled(25), {"message": "no span"})
    stop()
    assert {path for path, _ in collector.taken} == {"/v1/traces"}
    spans = {span["name"]: span for span in collector.spans}
    assert spans.keys() == {"POST /orders → 503", "ordering-api", "Placed outbox", "Placed queue", "Placed delivery"}
    request = spans["POST /orders → 503"]
    assert (request["traceId"], request["parentSpanId"], request["kind"]) == (TRACE, "c" * 16, 2)
    assert request["status"] == {"code": 2}
    assert int(request["endTimeUnixNano"]) - int(request["startTimeUnixNano"]) == 10_000_000
    assert spans["ordering-api"]["parentSpanId"] == request["spanId"]
    delivery = spans["Placed delivery"]
    assert (delivery["kind"], delivery["function"], "status" in delivery) == (5, "placement", False)
    assert {"key": "cartwheel.attempt", "value": {"intValue": "1"}} in delivery["attributes"]


def test_what_was_not_sampled_is_not_sent(folder: Path, collector: Collector) -> None:
    stop = Exporter(folder, collector.url, lambda *_: None).start()
    write(folder, handled(25) | {"sampled": False})
    stop()
    assert collector.offers == 0


@pytest.mark.parametrize("status", [503, 429])
def test_what_is_not_taken_is_offered_again(folder: Path, collector: Collector, status: int) -> None:
    reports: list[tuple[str, str]] = []
    exporter = Exporter(folder, collector.url, lambda *report: reports.append(report))
    collector.status = status
    stop = exporter.start()
    write(folder, handled(25))
    wait_for(lambda: collector.offers > 2)
    collector.status = 200
    wait_for(lambda: collector.spans)
    stop()
    assert len(collector.spans) == exporter.sent == 3
    assert reports == [
        ("otlp", f"the collector takes no spans now ({status})"),
        ("otlp", "the collector takes spans again; 0 were dropped so far"),
    ]


def test_what_is_refused_for_good_is_dropped_and_counted(folder: Path, collector: Collector) -> None:
    reports: list[str] = []
    exporter = Exporter(folder, collector.url, lambda _, report: reports.append(report))
    collector.status = 400
    stop = exporter.start()
    write(folder, handled(25))
    wait_for(lambda: exporter.dropped)
    stop()
    assert (exporter.dropped, reports) == (3, ["the collector refuses spans (400)"])


def test_of_what_waits_the_oldest_is_dropped(
    folder: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otlp, "WAITING", 4)
    collector.status = 503
    exporter = Exporter(folder, collector.url, lambda *_: None)
    stop = exporter.start()
    write(folder, *(handled(25 + n, f"{n}", eventId=f"{n}") for n in range(3)))
    wait_for(lambda: exporter.dropped)
    collector.status = 200
    stop()
    assert (exporter.dropped, exporter.sent) == (5, 4)
    assert collector.spans[-1]["spanId"] == "2"


def test_batches_are_bounded(folder: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp, "BATCH", 2)
    stop = Exporter(folder, collector.url, lambda *_: None).start()
    write(folder, *(handled(25 + n, f"{n}", eventId=f"{n}") for n in range(3)))
    stop()
    assert len(collector.spans) == 9
    assert len(collector.taken) >= 5


def test_where_nobody_answers_the_host_stops_all_the_same(folder: Path) -> None:
    reports: list[str] = []
    stop = Exporter(folder, "http://127.0.0.1:9", lambda _, report: reports.append(report)).start()
    write(folder, handled(25))
    wait_for(lambda: reports)
    began = time.monotonic()
    stop()
    assert time.monotonic() - began < 2
    assert reports == ["the collector takes no spans now (no answer)"]
