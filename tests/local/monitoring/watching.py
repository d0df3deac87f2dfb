"""A monitor on a folder of its own, without a host; its clock stands until it is set."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

from cartwheel.app import APP
from cartwheel.kernel.alarms import Alarm
from cartwheel.local.database import open_for_reading, open_for_writing
from cartwheel.local.monitoring.collector import Collector
from cartwheel.local.monitoring.figures import Figures
from cartwheel.local.monitoring.history import History
from cartwheel.local.monitoring.monitor import Clock, Monitor
from cartwheel.local.monitoring.watch import Watch
from cartwheel.local.userpool.errors import BUSY, Refused

START = 1_700_000_040  # the beginning of a minute


@dataclass(frozen=True)
class Hand(Clock):
    """A clock that a test moves; whoever sleeps waits for a moment at most."""

    moments: list[float] = field(default_factory=lambda: [float(START)])

    def now(self) -> float:
        return self.moments[-1]

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0.005)


@dataclass
class Mailbox:
    """Takes no mail as long as it is `full`."""

    full: bool = False
    tried: int = 0
    mails: list[tuple[str, str]] = field(default_factory=list)

    async def post(self, mail: tuple[str, str]) -> None:
        self.tried += 1
        if self.full:
            raise Refused(BUSY, "Too many wait.")
        self.mails.append(mail)


@asynccontextmanager
async def monitoring(
    folder: Path, alarms: list[Alarm], mailbox: Mailbox, hand: Hand, lines: list[str]
) -> AsyncIterator[Monitor]:
    """`lines` takes what is written into the host's log."""

    async def lags() -> Figures:
        return Figures()

    def report(about: str, text: str) -> None:
        lines.append(f"{about}: {text}")

    with closing(open_for_writing(folder, APP)):
        collector, watch = Collector(hand.now), Watch(alarms, History.open(folder), "Wheels")
        reader = open_for_reading(folder)
        monitor = Monitor(APP, folder, collector, watch, reader, lags, mailbox.post, report, hand)
        yield monitor
        await monitor.stop()
