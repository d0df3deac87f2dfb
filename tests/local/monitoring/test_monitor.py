"""The monitor samples, keeps and tells on its own, and what goes wrong with that stops nothing."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from cartwheel.kernel.outbox import outbox_row
from cartwheel.local.logs import FOLDER, append, log_path
from cartwheel.local.monitoring.history import History
from cartwheel.local.monitoring.monitor import Clock
from cartwheel.local.monitoring.tally import key_of

from .alarms import FAULTS, alarm
from .watching import START, Hand, Mailbox, monitoring

FAULT = key_of(FAULTS, {"Part": "wheel"})


async def until(condition: Callable[[], object]) -> None:
    for _ in range(4000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not happen")


def test_an_alarm_is_mailed_and_a_mailbox_that_is_full_is_waited_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        hand, mailbox, lines = Hand(), Mailbox(full=True), list[str]()
        async with monitoring(tmp_path, [alarm()], mailbox, hand, lines) as monitor:
            monitor.start()
            monitor.collector.add(FAULT)
            hand.moments.append(START + 61)
            await until(lambda: mailbox.tried > 1)
            assert "faults: ALARM since 2023-11-14T22:15:00.000Z" in lines
            hand.moments.append(START + 121)
            monitor.collector.add(FAULT, 0)
            hand.moments.append(START + 181)
            await until(lambda: any(line.startswith("faults: OK") for line in lines))
            mailbox.full = False
            await until(lambda: len(mailbox.mails) == 2)
            await asyncio.sleep(0.05)
        assert [subject for subject, _ in mailbox.mails] == ["[Wheels] ALARM: faults", "[Wheels] Recovered: faults"]

    asyncio.run(scenario())


def test_what_was_counted_last_is_kept_when_it_stops(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with monitoring(tmp_path, [], Mailbox(), Hand(), []) as monitor:
            monitor.collector.add(FAULT, 7)

    asyncio.run(scenario())
    (figures,) = History.open(tmp_path).read(FAULT, START, START + 60, 60)
    assert figures
    assert figures.total == 7


def test_what_functions_recorded_comes_into_their_logs(tmp_path: Path) -> None:
    """As on AWS; but of all invocations of some seconds together."""

    async def scenario() -> None:
        async with monitoring(tmp_path, [], Mailbox(), Hand(), []) as monitor:
            (tmp_path / FOLDER).mkdir()
            append(tmp_path, "hen-house", "cackle\n")
            monitor.start()
            for _ in range(2):
                monitor.collector.invoked("hen-house", 0.1, False, {("Eggs", "Count", (("Hen", "Berta"),)): [1]})
            await until(lambda: "metrics" in log_path(tmp_path, "hen-house").read_text())
            monitor.collector.invoked("barn", 0.1, False, {("Mice", "Count", ()): [1]})  # just before the end

    asyncio.run(scenario())
    first, line = log_path(tmp_path, "hen-house").read_text().splitlines()
    told = json.loads(line)
    assert (first, told["function"], told["Eggs"], told["Hen"]) == ("cackle", "hen-house", 2, "Berta")
    assert told["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Cartwheel"
    assert json.loads(log_path(tmp_path, "barn").read_text())["Mice"] == 1


def test_a_log_that_cannot_be_written_is_reported_and_survived(tmp_path: Path) -> None:
    """The folder of the logs is not there, so nothing can be."""

    async def scenario() -> None:
        lines: list[str] = []
        async with monitoring(tmp_path, [], Mailbox(), Hand(), lines) as monitor:
            monitor.start()
            monitor.collector.invoked("hen-house", 0.1, False, {("Eggs", "Count", ()): [1]})
            await until(lambda: any("could not be stored" in line for line in lines))
            monitor.collector.add(FAULT)
            await until(lambda: FAULT in monitor.history.series)

    asyncio.run(scenario())


def test_what_is_old_is_dropped(tmp_path: Path) -> None:
    async def scenario() -> None:
        hand = Hand()
        async with monitoring(tmp_path, [], Mailbox(), hand, []) as monitor:
            monitor.start()
            monitor.collector.add(FAULT)
            await until(lambda: FAULT in monitor.history.series)
            hand.moments.append(START + 5 * 3600)
            count = "SELECT count(*) FROM points WHERE step = 60 AND start < ?"
            await until(lambda: monitor.history.connection.execute(count, (START + 60,)).fetchone() == (0,))

    asyncio.run(scenario())


def test_a_disk_that_is_full_is_reported_and_survived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        lines: list[str] = []
        async with monitoring(tmp_path, [], Mailbox(), Hand(), lines) as monitor:
            with monkeypatch.context() as broken:

                def full(*_: object) -> None:
                    raise sqlite3.OperationalError("database or disk is full")

                broken.setattr(History, "add", full)
                monitor.start()
                await until(lambda: lines)
            assert lines[0] == "monitoring: the metrics could not be stored: database or disk is full"
            monitor.collector.add(FAULT)
            await until(lambda: FAULT in monitor.history.series)

    asyncio.run(scenario())


def test_queues_and_outboxes_are_sampled(tmp_path: Path) -> None:
    from cartwheel.local.monitoring.samples import samples

    async def scenario() -> None:
        async with monitoring(tmp_path, [], Mailbox(), Hand(), []) as monitor:
            writer = sqlite3.connect(tmp_path / "cartwheel.db")
            old = "unixepoch() * 1000 - 90000"
            insert = "INSERT INTO messages (queue, body, sent_at, visible_at) VALUES ('payment-events', '', {}, {})"
            writer.execute(insert.format(old, 0))
            writer.execute(insert.format("unixepoch() * 1000", "unixepoch() * 1000 + 60000"))
            row = outbox_row("payment", []).item
            writer.execute(
                "INSERT INTO items_payment (pk, sk, item, outboxShard, outboxId) VALUES ('a', 'b', '{}', ?, ?)",
                (row["outboxShard"], "01800000" + str(row["outboxId"])[8:]),
            )
            writer.commit()
            found = {(name, *dict(by).values()): value for (_, name, by), value in samples(monitor.reader, monitor.app)}
            writer.close()
        assert found["ApproximateNumberOfMessagesVisible", "payment-events"] == 1
        assert found["ApproximateNumberOfMessagesVisible", "payment-events-dead-letters"] == 0
        assert 89 < found["ApproximateAgeOfOldestMessage", "payment-events"] < 99
        assert found["ApproximateAgeOfOldestMessage", "ordering-events"] == 0
        assert found["OutboxAge", "payment"] > 1e6
        assert found["OutboxAge", "ordering"] == 0

    asyncio.run(scenario())


def test_time_can_pass_faster() -> None:
    clock = Clock(speed=3600)
    first = clock.now()
    asyncio.run(clock.sleep(36))
    assert clock.now() - first >= 35
