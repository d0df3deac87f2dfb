"""Two hundred people want the last twenty pieces at the same moment."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.running import RunningShop, buy, outcome, running_shop

pytestmark = pytest.mark.slow

BUYERS, PIECES, SKU = 200, 20, "bell-brass"


async def _buy_at_once(shop: RunningShop) -> list[dict[str, Any]]:
    async def buyer() -> dict[str, Any]:
        async with shop.client() as client:
            return await outcome(client, await buy(client, SKU))

    return await asyncio.gather(*[buyer() for _ in range(BUYERS)])


def test_lesson_overselling_200_buyers_of_the_last_20_pieces(tmp_path: Path) -> None:
    with running_shop(tmp_path) as shop:
        shop.stock(SKU, PIECES)
        orders = asyncio.run(_buy_at_once(shop))
        shop.wait_until_settled()
        assert Counter(order["status"] for order in orders) == {"CONFIRMED": PIECES, "CANCELLED": BUYERS - PIECES}
        refused = [order for order in orders if order["status"] == "CANCELLED"]
        assert {order["reason"] for order in refused} == {"out_of_stock"}
        assert all(order["message"] for order in refused)
        stock = shop.get(f"/stock/{SKU}")
        assert (stock["available"], stock["reserved"]) == (0, 0)
        for order in orders:
            held = ("AUTHORISED",) if order["status"] == "CONFIRMED" else ("CANCELLED", "VOIDED")
            assert shop.get(f"/payments/{order['orderId']}")["state"] in held
        assert sum(row["dead"] for row in shop.get("/_host/queues")) == 0
