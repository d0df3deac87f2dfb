"""A payment provider that is slow, late, repeats itself or never answers delays nobody, and is not believed twice."""

import asyncio
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import pytest

from tests.support.running import RunningShop, buy, outcome, running_shop

SKU: Final = "bell-brass"
PATIENT: Final = 60.0
DEADLINE: Final = 16  # seconds: more than any order takes that is paid, few enough to see the end of one that is not


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    with running_shop(tmp_path_factory.mktemp("slow"), payment_deadline=str(DEADLINE)) as shop:
        shop.stock(SKU, 10_000)
        yield shop


async def _bought(shop: RunningShop, token: str) -> dict[str, Any]:
    """An order and what became of it."""
    async with shop.client() as client:
        return await outcome(client, await buy(client, SKU, token=token, email=f"{token}@example.com"), PATIENT)


def _seconds(order: dict[str, Any]) -> float:
    """From the order's beginning to its end."""
    first, last = (datetime.fromisoformat(order["history"][position]["at"]) for position in (0, -1))
    return (last - first).total_seconds()


def _charge(shop: RunningShop, order: dict[str, Any]) -> str:
    """What the provider holds for the order."""
    charges = shop.stored("payment", f"PROVIDER#{order['orderId']}")
    return charges[0]["state"] if charges else "none"


async def _look_around(shop: RunningShop, until: float) -> list[float]:
    """Read, again and again; how long each answer took."""
    took = []
    async with shop.client() as client:
        while time.monotonic() < until:
            begun = time.monotonic()
            for path in ("/products?limit=5", f"/availability/{SKU}"):
                assert (await client.request("GET", path)).status == 200
            took.append((time.monotonic() - begun) / 2)
            await asyncio.sleep(0.01)
    return sorted(took)


async def _shop_around(shop: RunningShop) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[float]]:
    """The slow orders, the others, and the latencies of reads meanwhile."""
    slow = [asyncio.create_task(_bought(shop, "tok_slow")) for _ in range(6)]
    await asyncio.sleep(0.5)
    reads = asyncio.create_task(_look_around(shop, time.monotonic() + 4))
    quick = await asyncio.gather(*[_bought(shop, "tok_approve") for _ in range(12)])
    return await asyncio.gather(*slow), quick, await reads


@pytest.mark.load
def test_a_provider_that_takes_5_seconds_delays_no_other_order_and_no_request(shop: RunningShop) -> None:
    slow, quick, reads = asyncio.run(_shop_around(shop))
    assert {order["status"] for order in slow + quick} == {"CONFIRMED"}
    assert max(map(_seconds, quick)) < 2.5
    assert reads[int(len(reads) * 0.99)] < 1
    assert min(map(_seconds, slow)) >= 5
    assert max(map(_seconds, slow)) < 10  # they do not wait for each other either: it is not 30


@pytest.mark.slow
def test_every_other_token_does_what_it_says(shop: RunningShop) -> None:
    async def all_at_once() -> list[dict[str, Any]]:
        tokens = ("tok_late", "tok_late_decline", "tok_twice", "tok_timeout_once", "tok_timeout", "tok_of_nobody")
        return await asyncio.gather(*[_bought(shop, token) for token in tokens])

    late, late_decline, twice, once, never, unknown = asyncio.run(all_at_once())
    shop.wait_until_settled()
    assert (late["status"], _charge(shop, late)) == ("CONFIRMED", "HELD")
    assert _seconds(late) >= 3
    assert (late_decline["reason"], _charge(shop, late_decline)) == ("payment_declined", "DECLINED")
    assert (unknown["reason"], _charge(shop, unknown)) == ("payment_declined", "DECLINED")
    assert (twice["status"], _charge(shop, twice)) == ("CONFIRMED", "HELD")
    # The first call charged, and its answer was lost: the second found the same charge.
    assert (once["status"], _charge(shop, once)) == ("CONFIRMED", "HELD")
    assert (never["reason"], _charge(shop, never)) == ("payment_timeout", "VOIDED")
    assert _seconds(never) >= DEADLINE
    _what_was_told_again_changed_nothing(shop, [late, twice, once])
    assert shop.get(f"/payments/{never['orderId']}")["state"] == "CANCELLED"
    assert shop.get(f"/stock/{SKU}")["reserved"] == 0
    assert shop.dead() <= 1  # the call that never succeeds may have been given up before the deadline came


def _what_was_told_again_changed_nothing(shop: RunningShop, confirmed: list[dict[str, Any]]) -> None:
    shop.wait_until(lambda: not any(charge["callbacks"] for charge in shop.stored("payment", "PROVIDER#")))
    authorised = [event["detail"]["data"]["orderId"] for event in shop.events("PaymentAuthorised")]
    mails = [mail["orderId"] for mail in shop.items("/mailbox")]
    for order in confirmed:
        assert shop.get(f"/payments/{order['orderId']}")["state"] == "AUTHORISED"
        assert (authorised.count(order["orderId"]), mails.count(order["orderId"])) == (1, 1)
