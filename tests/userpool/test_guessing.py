"""10,000 wrong sign-ins a minute, for some seconds of it: the shop stays as fast, and as large, as it was."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import randrange
from statistics import median
from typing import Any, Final

import pytest

from cartwheel.local.identity import CLIENT_ID
from tests.support.client import Client
from tests.support.running import RunningShop, running_shop

from .people import NEW_PASSWORD, somewhere

pytestmark = pytest.mark.load

RATE: Final = 10_000 / 60  # a second
SECONDS: Final = 3.0
MiB: Final = 1024 * 1024
TARGET: Final = {"X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth"}

Ask = Callable[[Client], Awaitable[Any]]


async def guess(client: Client) -> str:
    """A wrong password, for one of many names: half of them from one place, half from anywhere."""
    place = {"X-Forwarded-For": "203.0.113.5"} if randrange(2) else somewhere()
    parameters = {"USERNAME": f"person-{randrange(1000)}@example.com", "PASSWORD": NEW_PASSWORD}
    body = {"ClientId": CLIENT_ID, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    return str((await client.request("POST", "/", body, TARGET | place)).json["message"])


async def look(client: Client) -> str:
    """As many bytes to a page that costs nothing."""
    return str((await client.request("GET", "/health", None, {"X-Padding": "x" * 300})).status)


async def crowd(shop: RunningShop, ask: Ask) -> Counter[str]:
    """At the rate, whatever the answers take."""
    said: Counter[str] = Counter()
    end = time.monotonic() + SECONDS

    async def one(number: int, all_of_them: int) -> None:
        async with shop.client() as client:
            due = time.monotonic() + number / RATE
            while due < end:
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                said[await ask(client)] += 1
                due += all_of_them / RATE

    await asyncio.gather(*(one(number, 64) for number in range(64)))
    return said


async def beside(shop: RunningShop, ask: Ask) -> tuple[float, Counter[str]]:
    """How long a customer waits for a page of products meanwhile, in seconds, and what the others heard."""
    waits: list[float] = []

    async def browse() -> None:
        async with shop.client() as client:
            while True:
                started = time.perf_counter()
                assert (await client.request("GET", "/products")).status == 200
                waits.append(time.perf_counter() - started)
                await asyncio.sleep(0.005)

    browsing = asyncio.create_task(browse())
    said = await crowd(shop, ask)
    browsing.cancel()
    await asyncio.gather(browsing, return_exceptions=True)
    return median(waits), said


def resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096


def test_ten_thousand_wrong_sign_ins_a_minute(tmp_path: Path) -> None:
    with running_shop(tmp_path / "shop", trusted_proxies="127.0.0.1") as shop:
        assert shop.process
        asyncio.run(crowd(shop, guess))  # from here on memory is warm
        before = resident(shop.process.pid)
        quiet, _ = asyncio.run(beside(shop, look))
        during, said = asyncio.run(beside(shop, guess))
        grown = resident(shop.process.pid) - before
    assert said.total() > 0.8 * RATE * SECONDS
    throttled = {text: count for text, count in said.items() if text != "Incorrect username or password."}
    assert sum(throttled.values()) > said.total() / 3, said
    assert during < 2 * quiet, (quiet, during)
    assert grown < 16 * MiB
    print(
        f"{said.total()} guesses, a page {quiet * 1000:.1f} ms before and {during * 1000:.1f} ms meanwhile,",
        grown,
        said,
    )
