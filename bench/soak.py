"""A steady load for minutes: does the shop's memory stay as it is?"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import count, takewhile
from statistics import mean
from time import perf_counter
from typing import Any, Final

import uvloop

from cartwheel.cli.output import note

from .figures import WrongResult, percentile
from .life import Subject, life, within
from .load import HEALTH, PAUSE
from .processes import Memory, memory
from .report import print_table
from .rounds import PATIENCE, PLENTY
from .shopping import SKUS, Refused, Sampler, buy, settled
from .wire import Wire, wires

SHOPPERS: Final = 32
LOOK_EVERY: Final = 30.0  # seconds, or more often where it lasts only minutes
LOOKS: Final = 12  # at least, so that a third of them says something
TOLERANCE: Final = 0.03  # growth from the second third of the time to the last that still counts as flat


@dataclass(frozen=True)
class Look:
    """The shop at a moment: seconds since the start, orders accepted by then, its backlog, its memory in MiB."""

    seconds: float
    orders: int
    backlog: int
    memory: Memory


@dataclass
class Soak:
    """A load of `rate` orders a second for `seconds`, offered no matter whether the earlier ones are settled."""

    port: int
    root: int
    rate: float
    seconds: float
    orders: int = 0
    refused: int = 0
    taken: float = 0
    latencies: list[float] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)

    async def run(self) -> None:
        """Until all of it is settled."""
        async with wires(self.port, SHOPPERS + 2) as (watcher, follower, *shoppers):
            sampler, begin = Sampler(follower), perf_counter()
            looking = asyncio.create_task(self._look(watcher, begin))
            numbers = takewhile(lambda number: number < self.rate * self.seconds, count())
            await asyncio.gather(*(self._shop(wire, begin, numbers, sampler) for wire in shoppers))
            self.taken = perf_counter() - begin
            looking.cancel()
            await settled(shoppers[0])
            await sampler.finish()
        self.latencies = sampler.seconds

    async def _shop(self, wire: Wire, begin: float, numbers: Iterator[int], sampler: Sampler) -> None:
        """Buy whenever the next order is due and no other shopper takes it."""
        for number in numbers:
            await asyncio.sleep(max(0.0, begin + number / self.rate - perf_counter()))
            try:
                sampler.offer(await buy(wire, SKUS[number % len(SKUS)]))
                self.orders += 1
            except Refused:
                self.refused += 1
                await asyncio.sleep(PAUSE)

    async def _look(self, wire: Wire, begin: float) -> None:
        every = min(LOOK_EVERY, self.seconds / LOOKS)
        for number in count(1):
            await asyncio.sleep(begin + number * every - perf_counter())
            backlog = (await wire.ask(HEALTH)).json["backlog"]
            look = Look(perf_counter() - begin, self.orders, backlog, memory(self.root))
            self.looks.append(look)
            note(
                f"  {look.seconds:5.0f} s  {look.orders:,} orders  backlog {look.backlog}  "
                f"RSS {look.memory.rss:.0f} MiB  PSS {look.memory.pss:.0f} MiB  {look.memory.processes} processes"
            )

    def document(self) -> dict[str, Any]:
        """What `--json` writes."""
        growth = {"rss": self._growth(lambda now: now.rss), "pss": self._growth(lambda now: now.pss)}
        return {
            "ordersPerSecond": self.orders / self.taken,
            "refused": self.refused,
            "p50": percentile(self.latencies, 50) * 1000,
            "p99": percentile(self.latencies, 99) * 1000,
            "growth": growth,
            "flat": max(growth.values()) <= TOLERANCE,
            "looks": [asdict(look) for look in self.looks],
        }

    def report(self) -> None:
        """The same for people, and which processes it is that grow."""
        facts = self.document()
        print(f"\n{self.rate:g} orders/s offered for {self.seconds / 60:g} min")
        print(f"accepted {facts['ordersPerSecond']:.1f} orders/s; {self.refused} answers refused")
        print(f"confirmed p50 {facts['p50']:.0f} ms, p99 {facts['p99']:.0f} ms after the checkout was accepted")
        rows = [
            _row("all, RSS", self._thirds(lambda now: now.rss)),
            _row("all, PSS", self._thirds(lambda now: now.pss)),
        ]
        rows += [_row(kind, self._thirds(_size_of(kind))) for kind in self.looks[-1].memory.kinds]
        print()
        print_table(["memory, MiB", "second third", "last third", "growth"], rows)
        print(f"\nmemory {'is flat' if facts['flat'] else 'GROWS'}")

    def _growth(self, size: Callable[[Memory], float]) -> float:
        """From the second third of the time to the last, as a share."""
        second, last = self._thirds(size)
        return last / second - 1

    def _thirds(self, size: Callable[[Memory], float]) -> tuple[float, float]:
        """The mean in the second and in the last third of the time: in the first, caches still fill."""
        third = len(self.looks) // 3
        if not third:
            raise WrongResult("the soak was too short to say anything about memory")
        sizes = [size(look.memory) for look in self.looks]
        return mean(sizes[-2 * third : -third]), mean(sizes[-third:])


def _size_of(kind: str) -> Callable[[Memory], float]:
    return lambda now: now.kinds.get(kind, 0.0)


def _row(name: str, thirds: tuple[float, float]) -> list[str]:
    second, last = thirds
    return [name, f"{second:.1f}", f"{last:.1f}", f"{last - second:+.1f}"]


def soak(subject: Subject, rate: float, minutes: float) -> dict[str, Any]:
    """Runs it and prints what came of it; answers that as a document."""
    with within(minutes * 60 + PATIENCE), life(subject) as shop:
        for sku in SKUS:
            shop.stock(sku, PLENTY)
        assert shop.process
        soaking = Soak(shop.port, shop.process.pid, rate, minutes * 60)
        uvloop.run(soaking.run())
    soaking.report()
    return soaking.document()
