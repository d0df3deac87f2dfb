"""Nothing that hangs holds the answer up, and nothing that hangs is asked again."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cartwheel.kernel.errors import Problem
from cartwheel.kernel.settings import Settings
from cartwheel.local import health
from cartwheel.local.gateway import HttpAnswer, HttpRequest
from cartwheel.local.health import Health
from cartwheel.local.identity import Signer


class World:
    """A host and a monitor that do as they are told."""

    def __init__(self, folder: Path, storage: Callable[[], Awaitable[int]]) -> None:
        self.asked, self.storage = 0, storage
        place = SimpleNamespace(settings=Settings())
        host: Any = SimpleNamespace(storage=SimpleNamespace(call=self._call), place=place, clocks=[], heard=0.0)
        monitor: Any = SimpleNamespace(ask=self._ask, reader=None, app=None, watch=SimpleNamespace(standings=list))
        self.signer = Signer(folder)
        self.health = Health(host, monitor, self.signer, folder)

    def _call(self, method: str) -> Awaitable[int]:
        assert method == "backlog"
        self.asked += 1
        return self.storage()

    async def _ask(self, question: Any) -> Any:
        return []

    async def answer(self, *groups: str) -> HttpAnswer:
        token = self.signer.token("somebody", list(groups), 60)
        return await self.health.answer(
            HttpRequest("GET", "/health/deep", "", {"authorization": f"Bearer {token}"}, b"")
        )


async def at_once() -> int:
    return 0


async def never() -> int:
    await asyncio.sleep(3600)
    return 0


async def broken() -> int:
    raise ConnectionError("the address of ann@example.com")


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    monkeypatch.setattr(health, "FRESH", 0.5)


def storage(answer: HttpAnswer) -> dict[str, Any]:
    (found,) = [part for part in json.loads(answer.body)["parts"] if part["part"] == "storage"]
    return dict(found)


def test_what_hangs_is_failing_and_is_not_asked_again_until_it_answers(tmp_path: Path) -> None:
    async def scenario() -> None:
        world = World(tmp_path, never)
        for _ in range(3):
            began = time.monotonic()
            answer = await world.answer("staff")
            assert time.monotonic() - began < 1
            assert (answer.status, storage(answer)["status"]) == (503, "failing")
            assert storage(answer)["since"] == "1970-01-01T00:00:00.000Z"
            await asyncio.sleep(0.51)
        assert world.asked == 1

    asyncio.run(scenario())


def test_who_asks_often_is_given_the_same_answer(tmp_path: Path) -> None:
    async def scenario() -> None:
        world = World(tmp_path, at_once)
        answers = await asyncio.gather(*(world.answer("staff") for _ in range(50)), world.answer("admin"))
        answers.append(await world.answer("staff"))
        assert len({answer.body for answer in answers}) == 1
        assert world.asked == 1
        await asyncio.sleep(0.51)
        assert (await world.answer("staff")).status == 200
        assert world.asked == 2

    asyncio.run(scenario())


def test_who_leaves_does_not_end_it_for_the_others(tmp_path: Path) -> None:
    async def scenario() -> None:
        world = World(tmp_path, never)
        first = asyncio.create_task(world.answer("staff"))
        second = asyncio.create_task(world.answer("staff"))
        await asyncio.sleep(0.01)
        first.cancel()
        assert (await second).status == 503

    asyncio.run(scenario())


def test_an_error_is_told_without_its_text(tmp_path: Path) -> None:
    async def scenario() -> None:
        answer = await World(tmp_path, broken).answer("staff")
        assert (answer.status, storage(answer)["status"]) == (503, "failing")
        assert "ConnectionError" in storage(answer)["detail"]
        assert b"ann@example.com" not in answer.body

    asyncio.run(scenario())


@pytest.mark.parametrize("groups", [(), ("scraper",), ("customer",)])
def test_strangers_cause_no_check(tmp_path: Path, groups: tuple[str, ...]) -> None:
    async def scenario() -> None:
        world = World(tmp_path, at_once)
        with pytest.raises(Problem, match="staff"):
            await world.answer(*groups)
        with pytest.raises(Problem, match="token"):
            await world.health.answer(HttpRequest("GET", "/health/deep", "", {}, b""))
        assert world.asked == 0

    asyncio.run(scenario())
