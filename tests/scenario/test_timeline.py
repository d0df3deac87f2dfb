"""Why is this order stuck? A real shop with a poisoned consumer, its dead letter and its redrive, on one page."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.poisoned import REFUSED
from tests.support.running import RunningShop, buy

pytestmark = pytest.mark.slow

SKU = "mug-white"


async def _buy(shop: RunningShop) -> str:
    async with shop.client() as client:
        return await buy(client, SKU, REFUSED, email="alice@example.com")


def _told(shop: RunningShop, order_id: str) -> list[tuple[str, str]]:
    found = shop.get(f"/orders/{order_id}/timeline")
    assert "@" not in str(found)
    return [(entry["kind"], entry["where"]) for entry in found["entries"]]


def _under_way(shop: RunningShop, queue: str) -> bool:
    return any(row["hidden"] for row in shop.get("/_host/queues") if row["queue"] == queue)


def test_from_the_failure_to_the_redrive(tmp_path: Path) -> None:
    shop = RunningShop(tmp_path, {"stock_deadline": "3000"}, module="tests.support.poisoned")
    shop.start()
    try:
        shop.stock(SKU, 10)
        order_id = asyncio.run(_buy(shop))
        shop.wait_until(lambda: shop.dead() == 1)
        shop.wait_until_settled()
        found: Any = shop.get(f"/orders/{order_id}/timeline")
        (letter,) = found["open"]
        assert "LookupError at " in letter["text"]
        assert f"`cartwheel dead-letters redrive {letter['letter']}`" in letter["text"]
        assert _told(shop, order_id)[-6:] == [("attempt failed", "inventory-events")] * 5 + [
            ("dead letter", "inventory-events")
        ]
        assert found["waitsFor"]["what"] == "its stock"
        assert shop.stop() == 0

        shop.module = "cartwheel"
        shop.start()
        shop.request("POST", f"/_host/dead-letters/redrive?id={letter['letter']}")
        shop.wait_until_settled()
        found = shop.get(f"/orders/{order_id}/timeline")
        (redriven,) = [entry for entry in found["entries"] if entry["kind"] == "staff"]
        assert (redriven["where"], redriven["who"]) == ("inventory-events", "the-staff")
        place = found["entries"].index(redriven)
        assert found["entries"][place - 1]["kind"] == "dead letter"
        assert found["entries"][place + 1]["what"] == "OrderPlaced handled"
        assert (found["status"], found["open"], found["missing"]) == ("CONFIRMED", [], [])
    finally:
        shop.close()


def test_a_function_that_died_is_told_by_its_message(tmp_path: Path) -> None:
    shop = RunningShop(tmp_path)
    shop.start()
    try:
        answer = shop.request("POST", "/orders", {"amount": 5, "currency": "EUR", "paymentToken": "tok_slow"})
        order_id = answer["orderId"]
        shop.wait_until(lambda: _under_way(shop, "payment-events"))  # an idle process has nothing to fail with
        assert shop.kill_processes("payment-events") > 0
        shop.wait_until(lambda: ("attempt failed", "payment-events") in _told(shop, order_id))
        (failed,) = [e for e in shop.get(f"/orders/{order_id}/timeline")["entries"] if e["kind"] == "attempt failed"]
        assert re.search("ended its process|could not be started", failed["error"])  # a young one may not work yet
    finally:
        shop.close()
