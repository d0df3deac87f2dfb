"""One invocation at a time in an environment; what misbehaves there takes nothing else with it."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Coroutine
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cartwheel.kernel import metrics, telemetry
from cartwheel.kernel.errors import Busy, InternalError, TimedOut
from cartwheel.kernel.ids import is_id
from cartwheel.kernel.metrics import NEAR_TIMEOUT
from cartwheel.kernel.settings import Settings
from cartwheel.local import environments
from cartwheel.local.environments import FunctionFailed
from cartwheel.local.logs import log_path
from cartwheel.local.monitoring.collector import tally
from tests.support.lab import Lab, ends, lives, run

Ran = dict[str, Any]


async def all_of(invocations: list[Coroutine[Any, Any, Any]]) -> list[Any]:
    return list(await asyncio.gather(*invocations))


def test_an_environment_is_used_again(folder: Path) -> None:
    async def scenario(lab: Lab) -> None:
        first, second = await lab.invoke("work", "one"), await lab.invoke("work", "two")
        assert (first["pid"], first["calls"], first["request"]) == (second["pid"], 1, "one")
        assert (second["calls"], second["request"], second["function"]) == (2, "two", "work")
        assert 8_000 < first["left"] <= 10_000
        assert first["pid"] != os.getpid()

    run(folder, scenario)


def test_a_function_has_the_secrets_that_it_declares_and_no_others(folder: Path) -> None:
    async def scenario(lab: Lab) -> None:
        told = await lab.invoke("confide")
        assert told["seal_key"] == Settings().seal_key
        assert told["webhook_secret"] == "confide uses webhook_secret without it in its `secrets`"

    run(folder, scenario)


def test_a_function_that_hangs_is_killed_and_the_next_invocation_is_served_afresh(folder: Path) -> None:
    async def scenario(lab: Lab) -> None:
        before = await lab.invoke("misbehave")
        began = time.monotonic()
        with pytest.raises(TimedOut, match=r"misbehave timed out after 0\.4 s"):
            await lab.invoke("misbehave", how="hang")
        assert time.monotonic() - began < 2
        assert ends(before["pid"])
        after = await lab.invoke("misbehave")
        assert (after["pid"] == before["pid"], after["calls"]) == (False, 1)
        assert lab.reports == [("misbehave", "timed out after 0.4 s")]

    run(folder, scenario)


def test_an_invocation_near_its_timeout_is_measured(folder: Path) -> None:
    async def scenario(lab: Lab) -> None:
        await lab.invoke("dawdle")
        await lab.invoke("dawdle", seconds=1.7)
        recorded = tally(lab.host.collector.drain()).recorded
        assert recorded == {"dawdle": {(NEAR_TIMEOUT.name, NEAR_TIMEOUT.unit.value, ()): [1]}}

    metrics.take()  # what tests before it left in this process, of which the lab's are forks
    run(folder, scenario)


@pytest.mark.parametrize("how", ["die", "exit", "answer a function", "talk and die"])
def test_a_function_that_ends_its_process_fails_alone(folder: Path, how: str) -> None:
    async def scenario(lab: Lab) -> None:
        before = await lab.invoke("misbehave")
        with pytest.raises(InternalError, match="misbehave ended its process"):
            await lab.invoke("misbehave", how=how)
        after = await lab.invoke("misbehave")
        assert (after["pid"] == before["pid"], after["calls"]) == (False, 1)
        assert lab.reports == [("misbehave", "ended its process")]

    run(folder, scenario)


def test_a_function_that_raises_keeps_its_environment_and_its_secret(folder: Path) -> None:
    async def scenario(lab: Lab) -> None:
        before = await lab.invoke("misbehave")
        with pytest.raises(InternalError) as raised:
            await lab.invoke("misbehave", how="raise")
        assert raised.value.detail == "misbehave failed: RuntimeError"
        assert (await lab.invoke("misbehave"))["pid"] == before["pid"]

    run(folder, scenario)


def test_many_at_once_never_overlap_in_an_environment_nor_exceed_the_limit(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "STUCK", 0.02)

    async def scenario(lab: Lab) -> list[Ran]:
        async def start(number: int) -> Any:
            await asyncio.sleep(number * 0.2)
            return await lab.invoke("work", seconds=1)

        return await all_of([start(number) for number in range(4)])

    ran = run(folder, scenario)
    moments = sorted([(each["began"], 1) for each in ran] + [(each["ended"], -1) for each in ran])
    at_once = [sum(change for _, change in moments[: position + 1]) for position in range(len(moments))]
    assert max(at_once) == 2
    for pid in {each["pid"] for each in ran}:
        here = sorted((each["began"], each["ended"]) for each in ran if each["pid"] == pid)
        assert all(one[1] <= other[0] for one, other in pairwise(here))


def test_a_slow_invocation_delays_no_other(folder: Path) -> None:
    """Neither of another function nor, for longer than it takes to notice, of the same one."""

    async def scenario(lab: Lab) -> None:
        await asyncio.gather(lab.invoke("work"), lab.invoke("misbehave"))
        slow = asyncio.ensure_future(lab.invoke("work", seconds=8))
        await asyncio.sleep(0.05)
        for _ in range(20):
            await lab.invoke("misbehave")
        await lab.invoke("work")
        assert not slow.done()
        slow.cancel()

    run(folder, scenario)


def test_too_many_waiting_are_told_to_come_later(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "MAX_WAITING", 4)

    async def scenario(lab: Lab) -> list[Any]:
        return await asyncio.gather(*[lab.invoke("work", seconds=0.1) for _ in range(10)], return_exceptions=True)

    outcomes = run(folder, scenario)
    assert len([outcome for outcome in outcomes if isinstance(outcome, dict)]) == 4
    assert len([outcome for outcome in outcomes if isinstance(outcome, Busy)]) == 6


def test_idle_environments_are_ended(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(lab: Lab) -> None:
        first, pool = await lab.invoke("work"), lab.host.pools["work"]
        pool.reap()
        assert lives(first["pid"])
        monkeypatch.setattr(environments, "IDLE_SECONDS", -1)
        pool.reap()
        assert ends(first["pid"])
        assert (pool.size, pool.idle) == (0, [])
        assert (await lab.invoke("work"))["calls"] == 1

    run(folder, scenario)


def test_an_environment_that_died_idle_is_not_used(folder: Path) -> None:
    async def scenario(lab: Lab) -> None:
        first = await lab.invoke("work")
        os.kill(first["pid"], signal.SIGKILL)
        while lab.host.pools["work"].size:
            await asyncio.sleep(0.02)
        assert (await lab.invoke("work"))["pid"] != first["pid"]
        assert len(lab.host.pools["work"].idle) == 1

    run(folder, scenario)


def test_no_environment_to_be_had_is_an_error_and_not_an_endless_wait(folder: Path) -> None:
    async def scenario(lab: Lab) -> None:
        lab.host.nursery.close()
        with pytest.raises(InternalError, match="could not be started"):
            await asyncio.wait_for(lab.invoke("work"), 5)
        assert {about for about, _ in lab.reports} == {"work"}

    run(folder, scenario)


def test_what_a_function_prints_is_in_its_log(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async def scenario(lab: Lab) -> None:
        await lab.invoke("talk", text="hällo\ud800")
        with pytest.raises(InternalError):
            await lab.invoke("misbehave", how="talk and die")
        with pytest.raises(InternalError):
            await lab.invoke("misbehave", how="answer a function")
        with pytest.raises(InternalError):
            await lab.invoke("misbehave", how="raise")

    with capfd.disabled():  # as it is outside of a test
        handler = telemetry.logger.registered_handler
        before = handler.setStream(sys.stdout)  # type: ignore[attr-defined]
        run(folder, scenario)
        handler.setStream(before)  # type: ignore[attr-defined]
    assert log_path(folder, "talk").read_text().count("hällo\\ud800\n") == 2
    log = log_path(folder, "misbehave").read_text()
    assert log.startswith("the last words\n")
    assert "support/lab.py" in log
    assert "the secret of alice@example.com" not in log
    assert log_path(folder, "talk").stat().st_mode & 0o077 == 0


def test_declared_access_is_all_a_function_has(folder: Path) -> None:
    async def scenario(lab: Lab) -> None:
        await lab.invoke("write", how="put", pk="a")
        with pytest.raises(InternalError, match="AccessDenied"):
            await lab.invoke("write", how="update", pk="a")

    run(folder, scenario)


def test_who_has_not_declared_it_may_not_publish(folder: Path) -> None:
    async def scenario(lab: Lab) -> str:
        with pytest.raises(FunctionFailed, match="announce-undeclared failed: AccessDenied") as refused:
            await lab.invoke("announce-undeclared")
        assert "'publish'" in refused.value.message
        event_id: str = await lab.invoke("announce")
        return event_id

    assert is_id(run(folder, scenario))


def test_what_no_caller_waits_for_gives_way(folder: Path) -> None:
    async def scenario(lab: Lab) -> Ran:
        ran: Ran = await lab.invoke("work")
        return ran

    assert run(folder, scenario)["nice"] > os.nice(0)


def test_many_environments_write_and_none_overwrites_another(folder: Path) -> None:
    async def scenario(lab: Lab) -> list[int]:
        return await all_of([lab.invoke("increment") for _ in range(60)])

    assert sorted(run(folder, scenario)) == list(range(1, 61))
