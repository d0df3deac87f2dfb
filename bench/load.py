"""A load of one request, sent over and over by clients that each wait for their answer (a closed loop)."""

import asyncio
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

from .figures import Figures, WrongResult, latencies
from .wire import Wire, request, wires

HEALTH: Final = request("GET", "/health")
ORDER: Final = request("POST", "/orders", {"amount": 99.99, "currency": "EUR"})
PAUSE: Final = 0.05  # seconds a client waits after it was refused


@dataclass
class Load:
    """What came of it: the seconds each wanted answer took, how many answers were others, and how long it all took."""

    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    seconds: float = 0

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def figures(self, name: str) -> Figures:
        if not self.latencies:
            raise WrongResult(f"{name}: none of {self.refused} answers was a good one")
        return {f"{name}.rate": self.rate, f"{name}.refused": self.refused} | latencies(name, self.latencies)


async def closed_loop(port: int, clients: int, seconds: float, whole_request: bytes, wanted: int) -> Load:
    """Send the request for so long; `wanted` is the status of a good answer."""
    load = Load()

    async def client(wire: Wire) -> None:
        while (sent := perf_counter()) < end:
            answer = await wire.ask(whole_request)
            if answer.status == wanted:
                load.latencies.append(perf_counter() - sent)
            else:
                load.refused += 1
                await asyncio.sleep(PAUSE)

    async with wires(port, clients) as opened:
        begin = perf_counter()
        end = begin + seconds
        await asyncio.gather(*map(client, opened))
        load.seconds = perf_counter() - begin
    return load
