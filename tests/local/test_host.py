"""The processes together: queues drive functions, stopping loses nothing, and no process outlives the host."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from cartwheel.kernel.events import Envelope
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.outbox import outbox_row
from cartwheel.local import storage
from cartwheel.local.channel import call
from cartwheel.local.database import open_for_reading, open_for_writing
from cartwheel.local.engine import Engine
from cartwheel.local.host import AlreadyRunning, open_folder, spawn
from cartwheel.local.store import SqliteStore
from tests.support.lab import MAP, TABLE, Lab, busy, children, ends, lives, run


def send(folder: Path, *bodies: str) -> None:
    """Put messages on the queue while no host is running."""
    connection = open_for_writing(folder, MAP)
    engine = Engine(connection, MAP)
    with engine.group():
        for body in bodies:
            engine.queues.send("count", body)
    connection.close()


def counted(folder: Path) -> Counter[str]:
    """How often each body had its effect."""
    reader = open_for_reading(folder)
    items = [json.loads(item) for (item,) in reader.execute(f"SELECT item FROM items_{TABLE}")]
    reader.close()
    return Counter({item["PK"]: item["n"] for item in items if "n" in item})


def dead(folder: Path) -> list[tuple[str, str]]:
    reader = open_for_reading(folder)
    letters = reader.execute("SELECT body, error FROM dead_letters ORDER BY id").fetchall()
    reader.close()
    return letters


async def drain(lab: Lab) -> None:
    await asyncio.wait_for(lab.host.drained(), 15)


def test_messages_are_handled_and_what_fails_ends_as_a_dead_letter(folder: Path) -> None:
    send(folder, *["good"] * 12, "bad")
    run(folder, drain)
    assert counted(folder) == {"good": 12}
    assert dead(folder) == [("bad", "bad")]


async def backlog(lab: Lab) -> int:
    return lab.host.backlog


def test_what_an_earlier_run_left_behind_counts_from_the_start(folder: Path) -> None:
    """Else `/health` would say there is nothing to do, and a crowd at the door be let in beyond the bound."""
    send(folder, *["good"] * 12)
    assert run(folder, backlog) == 12


def test_a_function_that_hangs_fails_its_batch_and_not_the_queue(folder: Path) -> None:
    send(folder, "hang", "good")
    run(folder, drain)
    send(folder, *["later"] * 3)
    run(folder, drain)
    assert counted(folder)["later"] == 3
    assert dead(folder)[0] == ("hang", "count timed out after 1 s")


def test_an_answer_that_names_no_message_of_the_batch_fails_the_batch(folder: Path) -> None:
    send(folder, "nonsense")
    run(folder, drain)
    ((body, error),) = dead(folder)
    assert body == "nonsense"
    assert "does not name failed messages" in error


def test_an_event_goes_from_the_outbox_to_its_consumer(folder: Path) -> None:
    envelope = Envelope(new_id(), "lab", "Happened", "2026-01-01T00:00:00.000Z", {"data": {}})

    async def scenario(lab: Lab) -> None:
        # The function counts bodies; the body of an event is its envelope.
        await lab.host.storage.call("transact", [storage_writes])
        await drain(lab)

    prepared: list[list[object]] = []
    connection = open_for_writing(folder, MAP)
    SqliteStore(MAP, connection, lambda transactions: prepared.extend(transactions) or [None]).transact(  # type: ignore[func-returns-value, arg-type]
        [outbox_row(TABLE, [envelope])]
    )
    connection.close()
    (storage_writes,) = prepared
    run(folder, scenario)
    ((body, times),) = counted(folder).items()
    assert (json.loads(body), times) == (envelope.to_dict(), 1)


def test_stopping_finishes_what_is_under_way_and_keeps_the_rest(folder: Path) -> None:
    send(folder, *["slow"] * 12)

    async def scenario(lab: Lab) -> None:
        await busy(lab, "count")

    began = time.monotonic()
    run(folder, scenario)
    assert time.monotonic() - began < 8
    done = counted(folder)["slow"]
    assert 0 < done < 12
    reader = open_for_reading(folder)
    ((left, delivered),) = reader.execute("SELECT count(*), sum(receives) FROM messages")
    reader.close()
    assert (left, delivered) == (12 - done, 0)


def test_stopping_while_every_environment_is_busy_does_not_hang(folder: Path) -> None:
    """The last batch is under way, the queue is empty: nobody must be left waiting for a message."""
    send(folder, *["slow"] * 2)

    async def scenario(lab: Lab) -> None:
        await busy(lab, "count")

    began = time.monotonic()
    run(folder, scenario)
    assert time.monotonic() - began < 10
    assert counted(folder) == {"slow": 2}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
def test_no_process_outlives_a_killed_host(folder: Path) -> None:
    """Not even a function that is busy for long: it would keep the folder from the next start."""
    host = subprocess.Popen([sys.executable, "-m", "tests.support.lab", str(folder)], stdout=subprocess.PIPE)
    assert host.stdout
    pids = json.loads(host.stdout.readline())
    assert len(pids) >= 4
    assert all(map(lives, pids))
    assert sorted(pids) == sorted(children(host.pid))
    host.kill()
    host.wait()
    host.stdout.close()
    assert ends(*pids, within=3)


def test_a_folder_has_one_host(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cartwheel.local.host.LOCK_PATIENCE", 0.1)
    handle = open_folder(folder / "new" / "data")
    assert (folder / "new" / "data").stat().st_mode & 0o077 == 0
    with pytest.raises(AlreadyRunning, match="already running"):
        open_folder(folder / "new" / "data")
    os.close(handle)
    os.close(open_folder(folder / "new" / "data"))


def test_the_folder_is_taken_as_long_as_a_process_of_the_host_lives(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cartwheel.local.host.LOCK_PATIENCE", 0.1)
    handle = open_folder(folder)
    child = spawn(lambda host: storage.main(folder, MAP, host))
    assert child.recv() == [(0, "ready")]
    os.close(handle)
    with pytest.raises(AlreadyRunning):
        open_folder(folder)
    call(child, "stop")
    monkeypatch.setattr("cartwheel.local.host.LOCK_PATIENCE", 5)
    os.close(open_folder(folder))


def test_a_terminated_environment_is_replaced(folder: Path) -> None:
    async def scenario(lab: Lab) -> None:
        slow = asyncio.ensure_future(lab.invoke("work", seconds=5))
        await busy(lab, "work")
        for environment in lab.host.pools["work"].busy:
            os.kill(environment.pid, signal.SIGTERM)
        with pytest.raises(Exception, match="ended its process"):
            await slow
        assert (await lab.invoke("work"))["calls"] == 1

    run(folder, scenario)
