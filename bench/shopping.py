"""Complete shopping: basket, line, checkout, and on to the next order; a few orders are followed to their end."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import cycle
from time import perf_counter
from typing import Final

from .figures import Figures, WrongResult, latencies
from .load import HEALTH, PAUSE
from .wire import Wire, request, wires

SKUS: Final = ("bell-brass", "tool-17", "pump-mini", "kit-patch", "bag-handlebar", "light-front", "stove-spirit")
PURCHASE: Final = {"paymentToken": "tok_approve", "email": "shopper@example.com"}
OPEN_BASKET: Final = request("POST", "/baskets")
PUT_LINE: Final = {"quantity": 1}

SAMPLE_EVERY: Final = 0.05  # seconds from one followed order to the next
FOLLOWED: Final = 8  # orders at once
QUIET: Final = 0.3  # seconds without backlog before it counts as gone: its figure may lag behind by 0.1


class Refused(WrongResult):
    """The shop answered otherwise than a shopper hopes."""


async def buy(wire: Wire, sku: str, headers: Mapping[str, str] | None = None) -> str:
    """The id of an order of one piece, accepted. Raises Refused."""
    opening = request("POST", "/baskets", headers=headers) if headers else OPEN_BASKET
    basket = (await _ask(wire, opening, 201))["basketId"]
    await _ask(wire, request("PUT", f"/baskets/{basket}/lines/{sku}", PUT_LINE, headers), 200)
    checkout = request("POST", f"/baskets/{basket}/checkout", PURCHASE, headers)
    return str((await _ask(wire, checkout, 202))["orderId"])


async def _ask(wire: Wire, whole_request: bytes, wanted: int) -> dict[str, str]:
    answer = await wire.ask(whole_request)
    if answer.status != wanted:
        raise Refused(f"{answer.status} instead of {wanted}: {answer.body.decode()}")
    document: dict[str, str] = answer.json
    return document


class Sampler:
    """Follows some orders from their checkout until they are confirmed, as their shoppers would see it.

    It asks sooner at first and more seldom later (each time after a tenth of the order's age), a few orders at a time,
    so that its own load stays small.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._lock = asyncio.Lock()
        self._next = 0.0
        self._following: set[asyncio.Task[None]] = set()
        self.seconds: list[float] = []

    def offer(self, order_id: str) -> None:
        """An order was accepted just now; it is followed if not enough of them are."""
        moment = perf_counter()
        if moment >= self._next and len(self._following) < FOLLOWED:
            self._next = moment + SAMPLE_EVERY
            self._following.add(asyncio.create_task(self._follow(order_id, moment)))

    async def finish(self) -> None:
        """Until all are confirmed that are followed."""
        while self._following:
            await asyncio.gather(*self._following)

    async def _follow(self, order_id: str, accepted: float) -> None:
        asking, status = request("GET", f"/orders/{order_id}"), ""
        while status != "CONFIRMED":
            await asyncio.sleep(max(0.004, (perf_counter() - accepted) / 10))
            async with self._lock:
                status = (await _ask(self._wire, asking, 200))["status"]
            if status == "CANCELLED":
                raise WrongResult(f"order {order_id} was cancelled")
        self.seconds.append(perf_counter() - accepted)
        self._following.discard(asyncio.current_task())


@dataclass
class Shopping:
    """What came of it: orders accepted, answers that refused, the time until all was settled, samples of latency."""

    orders: int = 0
    refused: int = 0
    seconds: float = 0
    samples: list[float] = field(default_factory=list)

    def figures(self, name: str) -> Figures:
        if not self.orders:
            raise WrongResult(f"{name}: no order was accepted")
        return {f"{name}.rate": self.orders / self.seconds, f"{name}.refused": self.refused} | latencies(
            name, self.samples
        )


async def go_shopping(port: int, clients: int, seconds: float) -> Shopping:
    """Each client buys one thing after the other for so long; then all of it is settled."""
    shopping, skus = Shopping(), cycle(SKUS)

    async def shopper(wire: Wire) -> None:
        while perf_counter() - begin < seconds:
            try:
                sampler.offer(await buy(wire, next(skus)))
                shopping.orders += 1
            except Refused:
                shopping.refused += 1
                await asyncio.sleep(PAUSE)

    async with wires(port, clients + 1) as (follower, *shoppers):
        sampler = Sampler(follower)
        begin = perf_counter()
        await asyncio.gather(*map(shopper, shoppers))
        shopping.seconds = await settled(shoppers[0]) - begin
        await sampler.finish()
    shopping.samples = sampler.seconds
    return shopping


async def settled(wire: Wire) -> float:
    """The moment since which nothing is under way."""
    empty_since: float | None = None
    while True:
        backlog, moment = (await wire.ask(HEALTH)).json["backlog"], perf_counter()
        if backlog:
            empty_since = None
        elif empty_since is None:
            empty_since = moment
        elif moment - empty_since >= QUIET:
            return empty_since
        await asyncio.sleep(0.02)
