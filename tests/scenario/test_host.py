"""The host: one shop per folder, a clean stop, its own pages, functions that hang or die without taking it along."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.client import Answer
from tests.support.running import GUEST, RunningShop, living_processes, running_shop

pytestmark = pytest.mark.slow

ORDER: Final = {"amount": 5, "currency": "EUR"}
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes cannot be told apart by name")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    with running_shop(tmp_path_factory.mktemp("host")) as shop:
        yield shop


def test_a_second_start_on_the_same_folder_is_refused_in_one_line(shop: RunningShop) -> None:
    second = RunningShop(shop.folder).spawn()
    said, _ = second.communicate(timeout=30)
    assert second.returncode == 1
    starting, refusal = said.splitlines()
    assert starting == "Starting …"
    assert "already running" in refusal
    assert str(shop.folder) in refusal
    assert shop.get("/health")["status"] == "ok"  # and the first one does not mind


def test_its_own_pages(shop: RunningShop) -> None:
    health = shop.http.get(f"{shop.url}/health")
    assert (health.status_code, health.json()["status"]) == (200, "ok")
    document = shop.http.get(f"{shop.url}/openapi.json")
    assert document.headers["content-type"] == "application/json"
    assert document.json()["openapi"].startswith("3.1")
    docs = shop.http.get(f"{shop.url}/", follow_redirects=True)
    assert (docs.url.path, docs.headers["content-type"]) == ("/docs", "text/html; charset=utf-8")
    assert "<html" in docs.text
    assert "https://cdn" not in docs.text  # it needs no network
    assert shop.http.get(f"{shop.url}/docs?format=json").json() == document.json()  # where the page links to


@pytest.mark.parametrize("path", ["queues", "dead-letters", "events"])
def test_operators_are_staff(shop: RunningShop, path: str) -> None:
    url = f"{shop.url}/_host/{path}"
    assert shop.http.get(url).status_code == 401
    assert shop.http.get(url, headers=shop.token("a-customer")).status_code == 403
    assert shop.http.get(url, headers=shop.staff).status_code == 200


@on_linux  # where every address of 127.0.0.0/8 is this machine's
def test_it_listens_on_loopback_only(shop: RunningShop) -> None:
    with socket.create_connection(("127.0.0.1", shop.port), timeout=5):
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", shop.port), timeout=5)


async def _order(shop: RunningShop, times: int) -> list[Answer]:
    """Answers to orders, one after the other."""
    async with shop.client() as client:
        return [await client.request("POST", "/orders", ORDER) for _ in range(times)]


async def _order_while_functions_die(shop: RunningShop) -> tuple[list[Answer], int]:
    """What was answered, and how many environments died meanwhile."""
    orders = asyncio.gather(*[_order(shop, 40) for _ in range(8)])
    killed = 0
    for _ in range(3):
        await asyncio.sleep(0.1)
        killed += shop.kill_processes("ordering-api")
    return [answer for answers in await orders for answer in answers], killed


@on_linux
def test_a_function_that_dies_fails_at_most_the_one_request_it_was_at(shop: RunningShop) -> None:
    answers, killed = asyncio.run(_order_while_functions_die(shop))
    failed = [answer for answer in answers if answer.status != 202]
    assert killed > 0
    assert len(failed) <= killed
    for answer in failed:
        assert (answer.status, answer.headers["content-type"]) == (500, "application/problem+json")
        assert "Traceback" not in str(answer.body)


async def _order_while_functions_hang(shop: RunningShop, hanging: int) -> tuple[list[Answer], float]:
    """One request for each environment that hangs, then others; and how long those others took."""
    stuck = asyncio.gather(*[_order(shop, 1) for _ in range(hanging)])
    await asyncio.sleep(0.5)
    begun = time.monotonic()
    others = await asyncio.gather(*[_order(shop, 10) for _ in range(4)])
    took = time.monotonic() - begun
    assert all(answer.status == 202 for answers in others for answer in answers)
    return [answer for answers in await stuck for answer in answers], took


@on_linux
def test_functions_that_hang_are_ended_and_delay_nobody_else(shop: RunningShop) -> None:
    """All warm environments of a function stop in the middle of everything; it has 10 seconds."""
    # An environment that a test before has killed may be found dead only now.
    shop.wait_until(lambda: asyncio.run(_order(shop, 1))[0].status == 202, 5)
    hanging = shop.pids("ordering-api")
    assert hanging
    for pid in hanging:
        os.kill(pid, signal.SIGSTOP)
    stuck, took = asyncio.run(_order_while_functions_hang(shop, len(hanging)))
    assert Counter(answer.status for answer in stuck) == {504: len(hanging)}
    assert {answer.headers["content-type"] for answer in stuck} == {"application/problem+json"}
    assert took < 5
    shop.wait_until(lambda: not set(hanging) & set(shop.pids("ordering-api")), 5)


def _half_a_request(shop: RunningShop) -> tuple[socket.socket, bytes]:
    """A connection that has begun to send an order, and the rest that is still to be sent."""
    body = b'{"amount": 7.77, "currency": "EUR"}'
    head = "POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    connection = socket.create_connection(("127.0.0.1", shop.port), timeout=20)
    connection.sendall(head.encode() + body[:5])
    return connection, body[5:]


async def _order_until_it_stops(shop: RunningShop, accepted: list[str]) -> None:
    async with shop.client() as client:
        while True:
            try:
                accepted.append((await client.request("POST", "/orders", ORDER)).json["orderId"])
            except (OSError, EOFError):
                return


async def _stop_in_the_middle(shop: RunningShop) -> list[str]:
    """Orders accepted before and while it stops."""
    accepted: list[str] = []
    buyers = asyncio.gather(*[_order_until_it_stops(shop, accepted) for _ in range(8)])
    while len(accepted) < 50:
        await asyncio.sleep(0.01)
    assert shop.process
    shop.process.send_signal(signal.SIGTERM)
    await buyers
    return accepted


@on_linux
def test_sigterm_answers_what_is_under_way_and_a_restart_goes_on_with_the_rest(tmp_path: Path) -> None:
    with running_shop(tmp_path, "--empty") as shop:
        connection, rest = _half_a_request(shop)
        time.sleep(0.2)
        family, storage = shop.pids(), shop.pids("storage")
        accepted = asyncio.run(_stop_in_the_middle(shop))
        with connection:
            connection.sendall(rest)
            answer = connection.recv(65536).decode()
        assert " 202 " in answer.partition("\r\n")[0]
        assert shop.stop() == 0
        assert not set(storage) & living_processes().keys()  # the folder is free as soon as the command has ended
        shop.wait_until(lambda: not set(family) & living_processes().keys(), 5)
        assert not (tmp_path / "address.json").exists()

        shop.start()
        for order_id in accepted:
            assert shop.get(f"/orders/{order_id}", GUEST)["orderId"] == order_id
        shop.wait_until_settled()
        orders = shop.stored("ordering", "ORDER#")
        assert {order["status"] for order in orders} == {"CONFIRMED"}
        assert len(orders) == len(accepted) + 1
        assert [order["amount"] for order in orders].count(777) == 1


def test_what_the_shop_cannot_use_it_says_in_one_line(tmp_path: Path) -> None:
    shop = RunningShop(tmp_path, {"currency": "EURO"})
    process = shop.spawn()
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "CARTWHEEL_CURRENCY='EURO'" in said.splitlines()[-1]
    assert "Traceback" not in said
