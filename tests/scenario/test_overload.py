"""Offered more than it can settle, the shop says so in time, and loses nothing of what it accepted."""

import asyncio
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from cartwheel.local.database import open_for_reading
from tests.support.client import Answer
from tests.support.running import RunningShop, running_shop

pytestmark = pytest.mark.load

BOUND: Final = 200
ENOUGH: Final = 300  # accepted orders, far more than the bound: the flood goes on until then
REFUSALS: Final = 100  # … and until so many were turned away
CLIENTS: Final = 32
ORDER: Final = {"amount": 9.99, "currency": "EUR"}


@dataclass
class Flood:
    """What was answered, and what the queues held meanwhile."""

    accepted: list[str] = field(default_factory=list)
    refused: list[Answer] = field(default_factory=list)
    reads: int = 0
    depths: list[int] = field(default_factory=list)
    over: bool = False

    async def pour(self, shop: RunningShop) -> None:
        """Order without end, and without the patience that is asked for."""
        async with shop.client() as client:
            while len(self.accepted) < ENOUGH or len(self.refused) <= REFUSALS:
                answer = await client.request("POST", "/orders", ORDER)
                if answer.status == 202:
                    self.accepted.append(answer.json["orderId"])
                else:
                    self.refused.append(answer)
                    await asyncio.sleep(0.02)

    async def look(self, shop: RunningShop) -> None:
        """What is read goes on being answered."""
        with closing(open_for_reading(shop.folder)) as reader:
            async with shop.client() as client:
                while not self.over:
                    assert (await client.request("GET", "/products?limit=3")).status == 200
                    self.reads += 1
                    self.depths.append(reader.execute("SELECT count(*) FROM messages").fetchone()[0])
                    await asyncio.sleep(0.01)


async def _flood(shop: RunningShop) -> Flood:
    flood = Flood()
    looking = asyncio.create_task(flood.look(shop))
    await asyncio.gather(*[flood.pour(shop) for _ in range(CLIENTS)])
    flood.over = True
    await looking
    return flood


def test_too_many_orders_are_refused_in_time_and_the_accepted_ones_are_all_settled(tmp_path: Path) -> None:
    with running_shop(tmp_path, "--max-backlog", str(BOUND)) as shop:
        flood = asyncio.run(_flood(shop))
        assert len(flood.refused) > REFUSALS
        for answer in flood.refused:
            assert (answer.status, answer.headers["content-type"]) == (503, "application/problem+json")
            assert int(answer.headers["retry-after"]) >= 1
            assert answer.json["type"].endswith("/busy")
        assert flood.reads > 10
        assert max(flood.depths) < 3 * BOUND
        shop.wait_until_settled()
        orders = {order["orderId"]: order["status"] for order in shop.stored("ordering", "ORDER#")}
        assert orders == dict.fromkeys(flood.accepted, "CONFIRMED")
        assert len(orders) == len(flood.accepted)
        assert shop.request("POST", "/orders", ORDER)["status"] == "PENDING"
