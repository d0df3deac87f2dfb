"""No answer ever carries another request's data: not in its body, not in its headers, not in a log line."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from cartwheel.kernel.ids import new_id
from tests.support.client import Answer
from tests.support.running import running_shop
from tests.support.shop import Context, http_event

from .stories import Story, World
from .witness import Asked, Witness

pytestmark = pytest.mark.slow

CLIENTS: Final = 32
STORIES: Final = 96


async def _tell_stories(world: World) -> None:
    numbers = iter(range(STORIES))

    async def visitor() -> None:
        async with world.shop.client() as client:
            for number in numbers:
                await Story(world, client, number).tell()

    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(visitor())


def test_no_answer_carries_the_data_of_another_request(tmp_path: Path) -> None:
    """The first requests meet no environment at all: they are its cold start."""
    with running_shop(tmp_path, "--empty") as shop:
        world = World(shop)
        asyncio.run(_tell_stories(world))
        shop.wait_until_settled()
        assert world.faults == []
        assert world.visited == world.routes
        assert len(world.witness.seen) > 3_000
        assert world.witness.look_through(shop.logged()) == []


def _threaded(threads: int) -> list[str]:
    """The faults in the answers of a plain resolver that is called from so many threads."""
    app, witness, numbers = APIGatewayHttpResolver(), Witness(), count()
    context: Any = Context("things")

    @app.get("/things/<name>")
    def read(name: str) -> dict[str, Any]:
        time.sleep(0)  # lets other threads run, as a database call does
        return {"name": name, "sender": app.current_event.headers["x-sender"]}

    def call(_: int) -> list[str]:
        mark = f"mark-{next(numbers):06}"
        event = http_event("GET", f"/things/{mark}", None, None, {"X-Sender": mark}, None)
        answer = app.resolve(event, context)
        asked = Asked(mark, mark, "GET", f"/things/{mark}", holds=lambda it: it["sender"] == mark)
        headers = {"x-request-id": new_id()}
        return witness.look_at(asked, Answer(answer["statusCode"], headers, answer["body"].encode()))

    with ThreadPoolExecutor(threads) as pool:
        return [fault for found in pool.map(call, range(2_000)) for fault in found]


def test_the_witness_sees_what_a_plain_resolver_mixes_up_in_threads() -> None:
    assert _threaded(1) == []
    assert len(_threaded(8)) > 500
