"""Health with depth: it names the part that is not well, and answers in time whatever hangs."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.running import RunningShop, running_shop

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    with running_shop(tmp_path_factory.mktemp("health") / "shop", "--empty", alarm_queue_age="1") as running:
        yield running


@contextmanager
def stopped(shop: RunningShop, name: str) -> Iterator[None]:
    """The processes of that name do nothing, and do not know."""
    pids = shop.pids(name)
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def ask(shop: RunningShop) -> httpx.Response:
    return shop.http.get(f"{shop.url}/health/deep", headers=shop.staff)


def parts(shop: RunningShop) -> dict[str, dict[str, Any]]:
    return {part["part"]: part for part in ask(shop).json()["parts"]}


def is_fresh(shop: RunningShop) -> None:
    time.sleep(2.1)  # longer than an answer is given again


def test_all_is_well(shop: RunningShop) -> None:
    answer = ask(shop)
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert {part["status"] for part in answer.json()["parts"]} == {"ok"}
    found = parts(shop)
    assert found["storage"]["measured"]["answer"] < 1000
    assert found["disk"]["measured"]["free"] > 0
    assert found["outbox"]["measured"].keys() >= {"ordering", "payment"}
    assert found["schedules"]["measured"].keys() >= {"ordering-deadlines", "ledger-pace"}


def test_a_question_is_answered_once_for_all_who_ask_at_the_same_time(shop: RunningShop) -> None:
    is_fresh(shop)
    with ThreadPoolExecutor(8) as callers:
        checked = {answer.json()["checked"] for answer in callers.map(lambda _: ask(shop), range(40))}
    assert len(checked) == 1


def test_storage_that_hangs_is_failing_and_the_answer_comes_in_time(shop: RunningShop) -> None:
    is_fresh(shop)
    with stopped(shop, "storage"):
        stood = time.time()
        for _ in range(2):
            began = time.monotonic()
            answer = ask(shop)
            assert time.monotonic() - began < 2.5
            assert (answer.status_code, answer.json()["status"]) == (503, "failing")
            (storage, *others) = answer.json()["parts"]
            assert (storage["part"], storage["status"]) == ("storage", "failing")
            assert abs(_epoch(storage["since"]) - stood) < 1
            assert {part["status"] for part in others} == {"ok"}
            assert shop.http.get(f"{shop.url}/health").status_code == 200  # load balancers are told of the host alone
            is_fresh(shop)
    shop.wait_until(lambda: ask(shop).json()["status"] == "ok", 20, lambda: ask(shop).json())


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_a_queue_that_stands_still_is_degraded_since_its_oldest_message(shop: RunningShop) -> None:
    shop.request("POST", "/orders", {"amount": 5, "currency": "EUR"})
    shop.wait_until_settled()
    with stopped(shop, "payment-events"):
        shop.request("POST", "/orders", {"amount": 5, "currency": "EUR"})
        began = time.time()
        shop.wait_until(lambda: parts(shop)["queues"]["status"] == "degraded", 15, lambda: parts(shop))
        queues = parts(shop)["queues"]
        assert "payment-events waits for" in queues["detail"]
        assert abs(_epoch(queues["since"]) - began) < 2
        assert ask(shop).status_code == 200
    shop.wait_until_settled()


def test_a_dead_letter_is_degraded_since_it_died(tmp_path: Path) -> None:
    shop = RunningShop(tmp_path / "shop", arguments=("--empty",), module="tests.docs.quick")
    shop.start()
    with closing(shop):
        order = shop.request("POST", "/orders", {"amount": 5, "currency": "EUR", "paymentToken": "tok_timeout"})
        shop.wait_until(lambda: shop.dead() == 1, 40)
        dead = parts(shop)["dead-letters"]
        assert (dead["status"], dead["detail"]) == ("degraded", "1 of payment-events")
        assert abs(_epoch(dead["since"]) - time.time()) < 10
        assert order["orderId"] not in ask(shop).text


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_it_is_only_read(shop: RunningShop, method: str) -> None:
    assert shop.http.request(method, f"{shop.url}/health/deep", headers=shop.staff).status_code in (404, 405)
