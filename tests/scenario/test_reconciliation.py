"""Reconciliation in a real shop: while it sells, and killed in the middle."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.client import Client
from tests.support.running import RunningShop, buy, outcome, running_shop

pytestmark = pytest.mark.slow

SKU: Final = "mug-white"
SHOPPERS: Final = 6
SELLING: Final = 7.0  # seconds
GRACE: Final = 4  # seconds: more than an order takes on a machine that is busy with other work
MANY: Final = 150  # orders, so that they are stated in two parts


def start(shop: RunningShop) -> str:
    return str(shop.request("POST", "/reconciliations", {})["runId"])


def finished(shop: RunningShop, run_id: str) -> Any:
    """What the run found, once it is done."""

    def run() -> Any:
        return shop.get(f"/reconciliations/{run_id}")

    shop.wait_until(lambda: run()["state"] == "done", state=lambda: (run(), shop.get("/_host/queues")))
    return sorted((each["kind"], each["about"], each.get("repair")) for each in run()["findings"])


async def _shop_for(shop: RunningShop, seconds: float) -> int:
    """Buy, and have staff send, give back and cancel, one order after the other."""
    end, bought = time.monotonic() + seconds, 0
    async with shop.client() as client:
        while time.monotonic() < end:
            order_id = await buy(client, SKU, token=("tok_approve", "tok_decline", "tok_twice")[bought % 3])
            order = await outcome(client, order_id)
            if order["status"] == "CONFIRMED":
                for step in (["fulfil", "refund"], ["cancel"], [])[bought // 3 % 3]:
                    await _step(client, order_id, step, shop.staff)
            bought += 1
    return bought


async def _step(client: Client, order_id: str, step: str, staff: dict[str, str]) -> None:
    answer = await client.request("POST", f"/orders/{order_id}/{step}", headers=staff)
    assert answer.status == 200, answer.body


async def _reconcile_for(shop: RunningShop, seconds: float) -> list[Any]:
    end, runs = time.monotonic() + seconds, []
    while time.monotonic() < end:
        runs.append(await asyncio.to_thread(lambda: finished(shop, start(shop))))
    return runs


def test_a_busy_healthy_shop_has_no_finding(tmp_path: Path) -> None:
    """The grace is shorter than the day; of what is under way all the time, nothing is held against anybody."""

    async def day() -> tuple[int, list[Any]]:
        selling = [_shop_for(shop, SELLING) for _ in range(SHOPPERS)]
        runs, *bought = await asyncio.gather(_reconcile_for(shop, SELLING), *selling)
        return sum(bought), runs

    with running_shop(tmp_path, reconciliation_grace=str(GRACE)) as shop:
        shop.stock(SKU, 5000)
        bought, runs = asyncio.run(day())
        shop.wait_until_settled()
        time.sleep(GRACE)
        runs.append(finished(shop, start(shop)))
        assert bought > 20
        assert len(runs) > 2
        assert [found for found in runs if found] == []
        assert shop.dead() == 0


@pytest.fixture
def damaged(tmp_path: Path) -> Iterator[tuple[RunningShop, list[Any]]]:
    """A shop with wrong things all over, and what can be found."""

    async def order() -> list[str]:
        async with shop.client() as client:
            return [await _ordered(client) for _ in range(MANY // SHOPPERS)]

    async def orders() -> list[str]:
        return list(chain.from_iterable(await asyncio.gather(*(order() for _ in range(SHOPPERS)))))

    with running_shop(tmp_path, reconciliation_grace="0.05") as shop:
        shop.stock(SKU, 10)
        ordered = asyncio.run(orders())
        shop.wait_until_settled()
        unpaid, cancelled = ordered[::25], ordered[7::50]
        _damage(shop, "DELETE FROM items_payment WHERE pk = ?", [f"PAYMENT#{each}" for each in unpaid])
        _damage(shop, _CANCELLED, [f"ORDER#{each}" for each in cancelled])
        _damage(
            shop, "UPDATE items_inventory SET item = json_set(item, '$.reserved', 3) WHERE pk = ?", [f"STOCK#{SKU}"]
        )
        kinds = ("fact-without-event", "payment-without-order", "reservation-differs")
        yield (
            shop,
            sorted(
                [("order-without-payment", each, None) for each in unpaid]
                + [(kind, each, "tell-order-again") for kind in kinds for each in cancelled]
                + [("stock-differs", SKU, "recount-reserved")],
                key=lambda found: found[:2],
            ),
        )


_CANCELLED: Final = """
    UPDATE items_ordering SET item = json_set(item, '$.status', 'CANCELLED', '$.reason', 'out_of_stock',
        '$.history[#]', json_object('status', 'CANCELLED', 'at', json_extract(item, '$.history[#-1].at')))
    WHERE pk = ?"""


async def _ordered(client: Client) -> str:
    answer = await client.request("POST", "/orders", {"amount": 5, "currency": "EUR"})
    return str(answer.json["orderId"])


def _damage(shop: RunningShop, statement: str, keys: list[str]) -> None:
    with closing(sqlite3.connect(shop.folder / "cartwheel.db", timeout=20)) as connection, connection:
        changed = connection.executemany(statement, [(key,) for key in keys])
        assert changed.rowcount == len(keys)


@pytest.mark.parametrize("after", [0.05, 0.3])
def test_killed_in_the_middle_it_finds_all_and_repairs_once(
    damaged: tuple[RunningShop, list[Any]], after: float
) -> None:
    shop, expected = damaged
    run_id = start(shop)
    time.sleep(after)
    shop.kill()
    shop.start()
    found = finished(shop, run_id)
    to_do = [each for each in expected if each[2] is None]
    # What one has found may be repaired before another looks; but found it is, by somebody.
    assert set(found) <= set(expected)
    assert {about for _, about, _ in found} == {about for _, about, _ in expected}
    assert [each for each in found if each[2] is None] == to_do
    shop.wait_until_settled()
    assert finished(shop, start(shop)) == to_do
    assert shop.get(f"/stock/{SKU}")["reserved"] == 0
    told = [event["detail"]["data"]["orderId"] for event in shop.events("PaymentVoided")]
    assert sorted(told) == sorted(about for kind, about, _ in expected if kind == "payment-without-order")
    assert shop.dead() == 0
