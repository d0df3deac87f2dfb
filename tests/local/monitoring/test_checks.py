"""What is judged to be well, and since when not; the thresholds are the alarms'."""

import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from cartwheel.app import APP
from cartwheel.kernel.health import Part, Status
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.outbox import PREFIX
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.topology import Schedule, function
from cartwheel.local.database import open_for_reading, open_for_writing
from cartwheel.local.monitoring import checks
from cartwheel.local.monitoring.evaluation import State
from cartwheel.local.monitoring.standing import Standing
from cartwheel.local.pump import Clockwork

from .alarms import alarm

DEAD = "INSERT INTO dead_letters (queue, body, sent_at, died_at, receives) VALUES (?, '{}', ?, ?, 5)"
WAITING = "INSERT INTO messages (queue, body, sent_at, visible_at) VALUES (?, '{}', ?, ?)"
MINUTE_MS = 60_000


def look(folder: Path, statement: str = "", *values: Any, **settings: Any) -> dict[str, Part]:
    """The parts of a shop in which this was done."""
    with closing(open_for_writing(folder, APP)) as writer, closing(open_for_reading(folder)) as reader:
        if statement:
            writer.execute(statement, values)
        return {part.name: part for part in checks.work(reader, APP, Settings(**settings))}


def now_ms() -> int:
    return int(time.time() * 1000)


def test_an_empty_shop_is_well(tmp_path: Path) -> None:
    assert {part.status for part in look(tmp_path).values()} == {Status.OK}
    assert {part.since for part in look(tmp_path).values()} == {None}


@pytest.mark.parametrize(("minutes", "status"), [(4, Status.OK), (6, Status.DEGRADED)])
def test_a_message_that_waits_longer_than_the_alarm_bears(tmp_path: Path, minutes: int, status: Status) -> None:
    sent = now_ms() - minutes * MINUTE_MS
    queues = look(tmp_path, WAITING, "payment-events", sent, sent)["queues"]
    assert queues.status is status
    assert queues.measured["payment-events"] == pytest.approx(60 * minutes, abs=5)
    assert (queues.since is None) == (status is Status.OK)


def test_a_dead_letter_since_the_first_died(tmp_path: Path) -> None:
    dead = look(tmp_path, DEAD, "payment-events", 0, 1_700_000_000_000)["dead-letters"]
    assert (dead.status, dead.since, dead.detail) == (
        Status.DEGRADED, "2023-11-14T22:13:20.000Z", "1 of payment-events",
    )  # fmt: skip
    assert look(tmp_path, alarm_dead_letters=2)["dead-letters"].status is Status.OK


def test_an_event_that_waits_to_be_sent(tmp_path: Path) -> None:
    insert = 'INSERT INTO "items_ordering" (pk, sk, item, "outboxShard", "outboxId") VALUES (?, ?, ?, ?, ?)'
    values = ("OUTBOX#1", "OUTBOX#1", "{}", f"{PREFIX}0", new_id())
    assert look(tmp_path, insert, *values)["outbox"].status is Status.OK
    time.sleep(0.06)
    outbox = look(tmp_path, alarm_outbox_age=0.05)["outbox"]
    assert (outbox.status, outbox.detail) == (Status.DEGRADED, "ordering waits for 0 s")
    assert set(outbox.measured) == {part.name for part in APP.slices if part.emits}


def clock(seconds: float) -> Clockwork:
    """Of each minute, with a time limit of ten seconds; it ran so long ago."""
    work = function("late", "ledger.schedules:pace", "get", timeout=timedelta(seconds=10))
    nobody = cast("Any", None)
    return Clockwork(Schedule(work, every=timedelta(minutes=1)), nobody, nobody, time.monotonic() - seconds)


def test_a_schedule_may_miss_one_run_and_not_two() -> None:
    assert checks.schedules([clock(130)]).status is Status.OK
    late = checks.schedules([clock(150)])
    assert (late.status, late.detail) == (Status.DEGRADED, "late did not run for 150 s")
    assert late.since is not None


def test_little_room_is_degraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.disk(tmp_path).measured["free"] > 0
    monkeypatch.setattr(checks, "ROOM", 1 << 60)
    assert checks.disk(tmp_path).status is Status.DEGRADED


def test_alarms_that_are_on_since_the_first() -> None:
    standings = [
        Standing(alarm(name="one"), State.ALARM, 1_700_000_060, 3, told=True),
        Standing(alarm(name="two"), State.INSUFFICIENT_DATA, 1_700_000_000, 3, told=True),
        Standing(alarm(name="three"), State.OK, 1_600_000_000),
    ]
    part = checks.alarms(standings)
    assert (part.detail, part.since, part.measured) == ("one, two", "2023-11-14T22:13:20.000Z", {"on": 2})
    assert checks.alarms(standings[2:]).status is Status.OK
