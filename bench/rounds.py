"""A round: one life of a shop, from its start until all figures are taken.

Every round begins alike, so no figure depends on what was measured before it, and what the machine does in between hits
all subjects, because their rounds take turns.
"""

import time
from dataclasses import dataclass
from typing import Final

import uvloop

from cartwheel.cli.output import note
from tests.support.running import RunningShop

from .figures import Figures, WrongResult
from .floors import commit_floor, flush_probe
from .life import Subject, life, within
from .load import HEALTH, ORDER, closed_loop
from .processes import family, memory, used_between
from .shopping import SKUS, go_shopping

MOST_CLIENTS: Final = 32
WARM_UP: Final = 1.0  # seconds, at most
FLOOR: Final = 0.5  # seconds that each of the floors is measured, at most
PATIENCE: Final = 180  # seconds a round may take beyond its loads
PLENTY: Final = 1_000_000_000  # pieces of each SKU


def measure(subject: Subject, seconds: float) -> Figures:
    """All figures of a round whose loads last so many seconds each."""
    with within(PATIENCE + 10 * seconds * len(subject.clients)), life(subject) as shop:
        return Round(shop, subject, seconds).measure()


@dataclass
class Round:
    """The measuring of one life."""

    shop: RunningShop
    subject: Subject
    seconds: float

    def measure(self) -> Figures:
        figures = self._memory("start")
        self.warm_up()
        figures |= self._memory("warm")
        figures |= self._floors()
        for clients in self.subject.clients:
            figures |= self.settled(clients)
        for clients in self.subject.clients:  # last, because they leave a backlog that nobody waits for
            note(f"  accepting orders of {clients} clients")
            load = uvloop.run(closed_loop(self.shop.port, clients, self.seconds, ORDER, 202))
            figures |= load.figures(f"accepted.{clients}")
        figures |= self._memory("end")
        return figures | _ratios(figures)

    def warm_up(self) -> None:
        note("  warming up")
        for sku in SKUS:
            self.shop.stock(sku, PLENTY)
        uvloop.run(closed_loop(self.shop.port, MOST_CLIENTS, min(self.seconds, WARM_UP) / 10, ORDER, 202))
        uvloop.run(go_shopping(self.shop.port, MOST_CLIENTS, min(self.seconds, WARM_UP)))

    def _floors(self) -> Figures:
        note("  measuring the floors")
        seconds = min(self.seconds, FLOOR)
        health = uvloop.run(closed_loop(self.shop.port, MOST_CLIENTS, seconds, HEALTH, 200))
        place = self.shop.folder
        return {"health.rate": health.rate} | commit_floor(place, seconds) | flush_probe(place, seconds)

    def settled(self, clients: int) -> Figures:
        """How many orders of so many clients are settled, and what each costs."""
        note(f"  settling orders of {clients} clients")
        before, pieces, own = family(self._root), self._pieces(), time.process_time()
        shopping = uvloop.run(go_shopping(self.shop.port, clients, self.seconds))
        own = time.process_time() - own
        used = used_between(before, family(self._root)) | {"the bench itself": own}
        if pieces - self._pieces() != shopping.orders:
            raise WrongResult(f"{shopping.orders} orders were accepted, {pieces - self._pieces()} pieces were sold")
        figures = shopping.figures(f"settled.{clients}")
        if clients == MOST_CLIENTS:
            figures |= {f"processor.{kind}": spent / shopping.orders * 1000 for kind, spent in used.items() if spent}
        return figures

    def _pieces(self) -> int:
        """Pieces that are not sold. Every one that is reserved belongs to an order that was not settled."""
        stock = self.shop.items("/stock")
        if any(each["reserved"] for each in stock) or any(each["dead"] for each in self.shop.get("/_host/queues")):
            raise WrongResult("not every order was settled")
        return sum(each["available"] for each in stock)

    def _memory(self, when: str) -> Figures:
        now = memory(self._root)
        return {f"memory.{when}.rss": now.rss, f"memory.{when}.pss": now.pss}

    @property
    def _root(self) -> int:
        assert self.shop.process
        return self.shop.process.pid


def _ratios(figures: Figures) -> Figures:
    """Each rate as a share of both floors of the same round."""
    return {
        f"{name.removesuffix('.rate')}.to-{floor}": rate / figures[f"{floor}.rate"]
        for name, rate in figures.items()
        if name.startswith(("accepted.", "settled.")) and name.endswith(".rate")
        for floor in ("health", "commit")
    }


def growth(figures: Figures, first: Figures) -> Figures:
    """The rates as shares of those that were measured in the same round with fewer orders stored."""
    names = [f"{what}.{MOST_CLIENTS}" for what in ("accepted", "settled")]
    return {f"{name}.to-first": figures[f"{name}.rate"] / first[f"{name}.rate"] for name in names}
