"""A poisoned consumer, its dead letters, and their way back: every order is settled once."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.support.letters import bury, forget
from tests.support.poisoned import FORGOTTEN, REFUSED
from tests.support.running import RunningShop, buy, running_shop

pytestmark = pytest.mark.slow

ORDERS: Final = 1_000
SHOPPERS: Final = 16
SKU: Final = "mug-white"
COUNTED: Final = 5_000
LETTERS: Final = "/_host/dead-letters"


def _pieces(number: int) -> int:
    return {0: REFUSED, 5: FORGOTTEN}.get(number % 20, 1)


async def _buy_all(shop: RunningShop) -> dict[str, int]:
    """The pieces of each order."""
    numbers = iter(range(ORDERS))
    orders: dict[str, int] = {}

    async def shopper() -> None:
        async with shop.client() as client:
            for number in numbers:
                orders[await buy(client, SKU, _pieces(number))] = _pieces(number)

    await asyncio.gather(*(shopper() for _ in range(SHOPPERS)))
    return orders


def _redrive(shop: RunningShop, most_steps: int = 1_000) -> int:
    """All of them, in steps of ten; how many went."""
    redriven, cursor = 0, ""
    for _ in range(most_steps):
        step = shop.request("POST", f"{LETTERS}/redrive?all=true&limit=10{cursor}")
        redriven += step["redriven"]
        if step["next"] is None:
            break
        cursor = f"&cursor={step['next']}"
    return redriven


def _settled(shop: RunningShop) -> Counter[str]:
    """How many orders there are in each status."""
    return Counter(item["status"] for item in shop.stored("ordering", "ORDER#"))


def test_the_bad_orders_of_a_poisoned_consumer_are_settled_once_it_is_mended(tmp_path: Path) -> None:
    patient = {"stock_deadline": "3000", "payment_deadline": "3000", "reservation_lifetime": "9000"}
    shop = RunningShop(tmp_path, patient, module="tests.support.poisoned")
    shop.start()
    try:
        shop.stock(SKU, COUNTED)
        orders = asyncio.run(_buy_all(shop))
        bad = sum(pieces == REFUSED for pieces in orders.values())
        dead = sum(pieces in (REFUSED, FORGOTTEN) for pieces in orders.values())
        shop.wait_until(lambda: shop.dead() == dead)
        shop.wait_until_settled()
        assert _settled(shop) == {"CONFIRMED": ORDERS - bad, "PLACED": bad}
        _letters_tell_all(shop, orders)
        assert shop.stop() == 0

        shop.module = "cartwheel"  # the version without the faults
        shop.start()
        redriven = _redrive(shop, most_steps=4)
        shop.kill()  # kill -9 in the middle of it
        shop.start()
        redriven += _redrive(shop)
        assert redriven == dead
        shop.wait_until(lambda: _settled(shop) == {"CONFIRMED": ORDERS}, state=lambda: _settled(shop))
        shop.wait_until_settled()
        _each_was_settled_once(shop, orders)
    finally:
        shop.close()


def _letters_tell_all(shop: RunningShop, orders: dict[str, int]) -> None:
    causes = shop.get(f"{LETTERS}/causes")
    bad = Counter(pieces for pieces in orders.values() if pieces != 1)
    assert {item["error"]: item["letters"] for item in causes["items"]} == {
        "LookupError at support/… in _faulty_reserve": bad[REFUSED],
        "the answer was lost": bad[FORGOTTEN],
    }
    letters = shop.items(LETTERS)
    assert {letter["orderId"] for letter in letters} == {each for each, pieces in orders.items() if pieces != 1}
    assert {(each["queue"], each["type"], each["receives"]) for each in letters} == {
        ("inventory-events", "OrderPlaced", 5)
    }
    assert len(shop.get(f"{LETTERS}/{letters[0]['id']}")["history"]) == 5


def _each_was_settled_once(shop: RunningShop, orders: dict[str, int]) -> None:
    assert shop.dead() == 0
    for detail_type in ("StockReserved", "PaymentAuthorised", "OrderConfirmed"):
        happened = Counter(event["detail"]["data"]["orderId"] for event in shop.events(detail_type))
        assert happened == dict.fromkeys(orders, 1), detail_type
    assert shop.get(f"/stock/{SKU}")["available"] == COUNTED - sum(orders.values())


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    with running_shop(tmp_path_factory.mktemp("quiet")) as shop:
        yield shop


@pytest.fixture
def letters(quiet: RunningShop) -> Iterator[list[int]]:
    """Of no event: what is redriven dies again, a quarter of a minute later."""
    yield bury(quiet.folder, "ordering-events", [("{}", f"Boom {number}") for number in range(5)])
    forget(quiet.folder)


def _ask(shop: RunningShop, method: str, path: str) -> httpx.Response:
    return shop.http.request(method, f"{shop.url}{LETTERS}{path}", headers=shop.staff)


def _logged(shop: RunningShop) -> list[str]:
    return [line["message"] for line in shop.logged() if line.get("about") == "dead-letters"]


def test_pages_go_on_by_cursor(quiet: RunningShop, letters: list[int]) -> None:
    seen: list[int] = []
    cursor = ""
    while True:
        page: dict[str, Any] = _ask(quiet, "GET", f"?limit=2{cursor}").json()
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert sorted(set(seen)) == seen
    assert [each for each in seen if each in letters] == letters


def test_a_redrive_tells_its_extent_and_is_logged_with_its_counts(quiet: RunningShop, letters: list[int]) -> None:
    before = _logged(quiet)
    first = _ask(quiet, "POST", "/redrive?queue=ordering-events&limit=2").json()
    assert (first["redriven"], first["refused"], first["matching"]) == (2, [], 5)
    rest = _ask(quiet, "POST", f"/redrive?queue=ordering-events&cursor={first['next']}").json()
    assert (rest["redriven"], rest["next"], rest["matching"]) == (3, None, 5)
    assert _logged(quiet) == [
        *before,
        "redrive of ordering-events begins: 5 dead letters",
        "redrive of ordering-events is done: 5 redriven, 0 refused",
    ]
    assert _ask(quiet, "POST", f"/redrive?queue=ordering-events&cursor={first['next']}").json()["redriven"] == 0


def test_who_redrove_a_letter_is_in_its_history(quiet: RunningShop, letters: list[int]) -> None:
    assert _ask(quiet, "POST", f"/redrive?id={letters[0]}&id={letters[1]}&id={letters[0]}").json()["redriven"] == 2
    again: list[int] = []

    def came_back() -> bool:
        again[:] = [item["id"] for item in _ask(quiet, "GET", "").json()["items"] if item["redrives"] == 1]
        return len(again) > 0

    quiet.wait_until(came_back)
    history = _ask(quiet, "GET", f"/{again[0]}").json()["history"]
    assert [entry.get("redrivenBy") for entry in history] == [None, "the-staff", *[None] * 5]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/7", 404),
        ("GET", "/x", 404),
        ("GET", "/" + "9" * 30, 404),
        ("GET", "/-1", 404),
        ("POST", "/redrive?id=7", 404),
        ("POST", "/redrive?id=7&id=8", 404),
        ("DELETE", "/7", 404),
        ("POST", "/redrive", 422),
        ("POST", "/redrive?all=false", 422),
        ("POST", "/redrive?all=true&queue=ordering-events", 422),
        ("POST", "/redrive?id=", 422),
        ("POST", "/redrive?id=x", 422),
        ("POST", "/redrive?id=1&queue=ordering-events", 422),
        ("POST", "/redrive?" + "&".join(f"id={number}" for number in range(101)), 422),
        ("POST", "/redrive?queu=ordering-events", 422),
        ("POST", "/redrive?queue=", 422),
        ("POST", "/redrive?all=true&limit=101", 422),
        ("POST", "/redrive?all=true&cursor=1.2.3", 422),
        ("POST", "/redrive?all=true&cursor=a.b.c.d.e", 422),
        ("GET", "?queue=nobody", 422),
        ("GET", "?limit=0", 422),
        ("GET", "?cursor=x", 422),
        ("GET", "?after=1", 422),
        ("GET", "/causes?order=1", 422),
    ],
)
def test_what_cannot_be_is_a_problem(
    quiet: RunningShop, letters: list[int], method: str, path: str, status: int
) -> None:
    answer = _ask(quiet, method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert {item["id"] for item in _ask(quiet, "GET", "").json()["items"]} >= set(letters)


def test_letters_are_for_staff(quiet: RunningShop) -> None:
    for method, path in (("GET", "/causes"), ("GET", "/7"), ("POST", "/redrive?all=true")):
        url = f"{quiet.url}{LETTERS}{path}"
        assert quiet.http.request(method, url).status_code == 401
        assert quiet.http.request(method, url, headers=quiet.token("a-customer")).status_code == 403
