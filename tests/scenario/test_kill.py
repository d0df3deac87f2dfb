"""`kill -9` in the middle of a load of 600 orders: nothing accepted is lost, and nothing happens twice."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.running import RunningShop, running_shop
from tests.support.shoppers import Shopper, Wish

pytestmark = pytest.mark.slow

ORDERS: Final = 600
SHOPPERS: Final = 24
PLENTY: Final = ("mug-white", "bag-handlebar", "bell-brass")
SCARCE: Final = "pump-mini"
PIECES: Final = 40  # of the scarce one, which 100 shoppers want
COUNTED: Final = 3_000  # of each of the others
DECLINED: Final = ("tok_decline", "tok_late_decline")
PILLARS: Final = ("host", "storage")
OPEN: Final = ("PENDING", "PLACED", "RESERVED")

Items = list[dict[str, Any]]


def _wishes(chance: random.Random) -> list[Wish]:
    """Half direct orders, half baskets; some that will be declined, late, told twice or out of stock."""
    rare = ["tok_late"] * 8 + ["tok_late_decline"] * 8 + ["tok_twice"] * 8 + ["tok_timeout_once"] * 8
    tokens = [*rare, *["tok_decline"] * 160]
    tokens += ["tok_approve"] * (ORDERS - 100 - len(tokens))
    chance.shuffle(tokens)
    wishes = [
        Wish(f"w{number}", sku=SCARCE if number < 100 else _sku(number, chance), cents=chance.randint(1, 99_999))
        for number in range(ORDERS)
    ]
    for wish, token in zip(wishes[100:], tokens, strict=True):
        wish.token, wish.quantity = token, chance.randint(1, 2)
    for wish in wishes:
        wish.email = f"{wish.name}@example.com" if wish.sku or chance.random() < 0.3 else None
    chance.shuffle(wishes)
    return wishes


def _sku(number: int, chance: random.Random) -> str | None:
    return chance.choice(PLENTY) if number % 2 else None


@dataclass
class Progress:
    """How many orders were answered, and whether there are more to come."""

    answered: int = 0
    at_work: int = SHOPPERS
    lost: int = 0

    async def reaches(self, answered: int) -> None:
        while self.answered < answered and self.at_work:
            await asyncio.sleep(0.002)


async def _go_shopping(shop: RunningShop, wishes: Iterable[Wish], progress: Progress) -> None:
    async with Shopper(shop) as shopper:
        for wish in wishes:
            await wish.order(shopper)
            progress.answered += 1
        progress.lost += shopper.lost
        progress.at_work -= 1


async def _load(shop: RunningShop, wishes: list[Wish], victim: str, chance: random.Random) -> Progress:
    progress, queue = Progress(), iter(wishes)
    async with asyncio.TaskGroup() as group:
        for _ in range(SHOPPERS):
            group.create_task(_go_shopping(shop, queue, progress))
        kill = _kill_a_pillar if victim in PILLARS else _kill_environments
        group.create_task(kill(shop, victim, chance, progress))
    return progress


async def _kill_a_pillar(shop: RunningShop, victim: str, chance: random.Random, progress: Progress) -> None:
    """Twice in the middle of the load, and once more while the shop works off what it accepted."""
    for moment in sorted(chance.sample(range(ORDERS // 10, ORDERS * 9 // 10), 2)):
        await progress.reaches(moment)
        assert progress.at_work == SHOPPERS
        await _strike(shop, victim, chance)
    await progress.reaches(ORDERS)
    await _strike(shop, victim, chance)


async def _strike(shop: RunningShop, victim: str, chance: random.Random) -> None:
    """End the host or its storage, on which everything depends, and start again on what is left."""
    await asyncio.sleep(chance.uniform(0, 0.05))
    if victim == "host":
        await asyncio.to_thread(shop.kill)
    else:
        assert shop.kill_processes(victim) == 1
        assert await asyncio.to_thread(shop.stop) != 0
    await asyncio.to_thread(shop.start)


async def _kill_environments(shop: RunningShop, victim: str, chance: random.Random, progress: Progress) -> None:
    """All of one function, three times: fewer than the receives after which a message is a dead letter."""
    for moment in sorted(chance.sample(range(ORDERS // 10, ORDERS), 3)):
        await progress.reaches(moment)
        while not shop.kill_processes(victim):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(("seed", "victim"), [(1, "host"), (2, "storage"), (3, "payment-events")])
def test_lesson_orders_lost_or_done_twice_by_kill_9(tmp_path: Path, seed: int, victim: str) -> None:
    chance = random.Random(seed)
    wishes = _wishes(chance)
    with running_shop(tmp_path) as shop:
        for sku in PLENTY:
            shop.stock(sku, COUNTED)
        shop.stock(SCARCE, PIECES)
        progress = asyncio.run(_load(shop, wishes, victim, chance))
        assert (progress.lost > 0) == (victim in PILLARS)
        shop.wait_until_settled()
        shop.wait_until(lambda: not any(order["status"] in OPEN for order in shop.stored("ordering", "ORDER#")))
        asyncio.run(_repeat(shop, chance.sample(wishes, 50)))
        shop.wait_until_settled()
        assert shop.dead() == 0
        orders = shop.stored("ordering", "ORDER#")
        _each_wish_is_one_order(wishes, orders)
        _each_order_ended_as_it_should(wishes, orders)
        _stock_adds_up(shop, orders)
        _payments_add_up(shop, orders)
        _mails_are_sent_once(shop, wishes, orders)


async def _repeat(shop: RunningShop, wishes: list[Wish]) -> None:
    """Requests that were answered before: the answer is the same, and nothing is done."""
    async with Shopper(shop) as shopper:
        for wish in wishes:
            known = wish.order_id
            answer = await wish.order(shopper)
            assert (wish.order_id, answer.headers["idempotency-replayed"]) == (known, "true")


def _each_wish_is_one_order(wishes: list[Wish], orders: Items) -> None:
    answered = {wish.order_id for wish in wishes}
    assert len(answered) == ORDERS
    assert {order["orderId"] for order in orders} == answered


def _each_order_ended_as_it_should(wishes: list[Wish], orders: Items) -> None:
    ends = {order["orderId"]: (order["status"], order.get("reason")) for order in orders}
    scarce = Counter(ends[wish.order_id] for wish in wishes if wish.sku == SCARCE)
    assert scarce == {("CONFIRMED", None): PIECES, ("CANCELLED", "out_of_stock"): 100 - PIECES}
    wrong = [(wish, ends[wish.order_id]) for wish in wishes if wish.sku != SCARCE and ends[wish.order_id] != _end(wish)]
    assert not wrong


def _end(wish: Wish) -> tuple[str, str | None]:
    return ("CANCELLED", "payment_declined") if wish.token in DECLINED else ("CONFIRMED", None)


def _confirmed(orders: Items) -> set[str]:
    return {order["orderId"] for order in orders if order["status"] == "CONFIRMED"}


def _stock_adds_up(shop: RunningShop, orders: Items) -> None:
    sold: Counter[str] = Counter()
    for order in orders:
        if order["status"] == "CONFIRMED":
            sold.update({line["sku"]: line["quantity"] for line in order["lines"]})
    for sku, counted in {**dict.fromkeys(PLENTY, COUNTED), SCARCE: PIECES}.items():
        stock = shop.get(f"/stock/{sku}")
        assert (stock["available"] + sold[sku], stock["reserved"], stock["shortfall"]) == (counted, 0, 0), sku
    held = {each["orderId"] for each in shop.stored("inventory", "RESERVATION#") if each["state"] == "SOLD"}
    assert held == _confirmed(orders)


def _payments_add_up(shop: RunningShop, orders: Items) -> None:
    """What the provider holds is what the confirmed orders cost, each once; and the shop's own books say the same."""
    charges = shop.stored("payment", "PROVIDER#")
    held = {charge["key"]: charge["amount"] for charge in charges if charge["state"] == "HELD"}
    costs = {f"{order['orderId']}:authorise": order["amount"] for order in orders if order["status"] == "CONFIRMED"}
    assert held == costs
    assert {charge["state"] for charge in charges} <= {"HELD", "DECLINED", "VOIDED"}
    payments = {each["orderId"]: each["state"] for each in shop.stored("payment", "PAYMENT#")}
    authorised = {order_id for order_id, state in payments.items() if state == "AUTHORISED"}
    assert authorised == _confirmed(orders)
    assert set(payments.values()) <= {"AUTHORISED", "DECLINED", "VOIDED", "CANCELLED"}
    assert payments.keys() == {order["orderId"] for order in orders}


def _mails_are_sent_once(shop: RunningShop, wishes: list[Wish], orders: Items) -> None:
    mails = Counter((mail["orderId"], mail["kind"], mail["to"]) for mail in shop.items("/mailbox"))
    emails = {wish.order_id: wish.email for wish in wishes}
    wanted = {
        (order["orderId"], order["status"].lower(), emails[order["orderId"]]): 1 for order in orders if "email" in order
    }
    assert mails == wanted
    sent = Counter(event["detail"]["data"]["messageId"] for event in shop.events("MessageSent"))
    assert sent == {f"{order_id}.{kind}": 1 for order_id, kind, _ in mails}
    told = Counter(
        event["detail"]["data"]["orderId"]
        for kind in ("Confirmed", "Cancelled")
        for event in shop.events(f"Order{kind}")
    )
    assert told == {order["orderId"]: 1 for order in orders}
