"""SEEDS S3, to the letter: an order by amount is answered at once, placed by a queue, and known from then on."""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from tests.support.running import GUEST, RunningShop, outcome, running_shop

pytestmark = pytest.mark.slow

UUID: Final = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
ORDER: Final = {"amount": 99.99, "currency": "EUR"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    with running_shop(tmp_path_factory.mktemp("s3"), "--empty") as shop:
        yield shop


def _curl(*arguments: str) -> tuple[int, Any]:
    """Status and document of the answer to a curl command; the same request otherwise, where there is no curl."""
    if shutil.which("curl"):
        done = subprocess.run(["curl", "-sS", "-w", "\n%{http_code}", *arguments], capture_output=True, check=True)
        body, _, status = done.stdout.decode().rpartition("\n")
    else:
        *options, url = arguments
        data = options[options.index("-d") + 1] if "-d" in options else None
        form = {"Content-Type": "application/x-www-form-urlencoded"} if data else {}
        answer = httpx.request("POST" if data else "GET", url, content=data, headers=form)
        body, status = answer.text, str(answer.status_code)
    return int(status), json.loads(body)


def test_the_two_calls(shop: RunningShop) -> None:
    """Without a content type curl says that it sends a form; the body is read as what it is."""
    status, accepted = _curl("-d", '{"amount": 99.99, "currency": "EUR"}', f"{shop.url}/orders")
    assert status == 202
    assert UUID.fullmatch(accepted["orderId"])
    status, order = _curl(f"{shop.url}/orders/{accepted['orderId']}")
    assert status == 200
    assert order.items() >= {"orderId": accepted["orderId"], **ORDER}.items()
    status, problem = _curl(
        f"{shop.url}/orders/{accepted['orderId'][:-1]}{'1' if accepted['orderId'][-1] != '1' else '2'}"
    )
    assert (status, problem["status"]) == (404, 404)


def test_the_queue_places_it_and_the_table_has_its_keys(shop: RunningShop) -> None:
    accepted = shop.request("POST", "/orders", ORDER, GUEST)

    async def settled() -> dict[str, Any]:
        async with shop.client() as client:
            return await outcome(client, accepted["orderId"])

    order = asyncio.run(settled())
    assert [step["status"] for step in order["history"]] == ["PENDING", "PLACED", "RESERVED", "CONFIRMED"]
    (item,) = shop.stored("ordering", f"ORDER#{accepted['orderId']}")
    assert item["PK"] == item["SK"] == f"ORDER#{accepted['orderId']}"
    assert (item["amount"], item["currency"]) == (9999, "EUR")
    assert item["createdAt"] == order["createdAt"]


def test_lesson_order_id_taken_from_the_client(shop: RunningShop) -> None:
    mine = shop.request("POST", "/orders", ORDER, GUEST)
    for document in ({"orderId": mine["orderId"]}, {"id": mine["orderId"]}, {"PK": f"ORDER#{mine['orderId']}"}):
        assert shop.http.post(f"{shop.url}/orders", json=ORDER | document).status_code == 422
    assert shop.get(f"/orders/{mine['orderId']}", GUEST).items() >= ORDER.items()


async def _order_and_look(shop: RunningShop, times: int) -> list[int]:
    """The status of a GET right after each 202."""
    statuses = []
    async with shop.client() as client:
        for number in range(times):
            accepted = await client.request("POST", "/orders", {"amount": number + 1, "currency": "EUR"})
            assert accepted.status == 202
            order = await client.request("GET", f"/orders/{accepted.json['orderId']}")
            assert order.json["amount"] == number + 1
            statuses.append(order.status)
    return statuses


def test_lesson_get_right_after_the_202_answers_404(shop: RunningShop) -> None:
    async def many() -> list[list[int]]:
        return await asyncio.gather(*[_order_and_look(shop, 25) for _ in range(16)])

    assert asyncio.run(many()) == [[200] * 25] * 16


async def _twins(shop: RunningShop, key: str) -> list[str]:
    """The order ids of the same request, sent thirty times at once with the same key."""

    async def twin() -> str:
        async with shop.client() as client:
            answer = await client.request("POST", "/orders", ORDER, {"Idempotency-Key": key})
            assert answer.status == 202
            return str(answer.json["orderId"])

    return await asyncio.gather(*[twin() for _ in range(30)])


def test_lesson_charged_twice_on_refresh(shop: RunningShop) -> None:
    before = len(shop.stored("ordering", "ORDER#"))
    for key in ("a", "b", "c"):
        assert len(set(asyncio.run(_twins(shop, key)))) == 1
    assert len(shop.stored("ordering", "ORDER#")) == before + 3
    other = shop.http.post(f"{shop.url}/orders", json=ORDER | {"amount": 1}, headers={"Idempotency-Key": "a"})
    assert other.status_code == 422
