"""Monitoring as the host runs it: samples, keeps, evaluates and tells, beside the work and never in its way.

every 5 s     collector and samples ─► history, and lines in the functions' logs (a thread of its own)
every minute  … and the alarms are looked at ─► notices ─► mail
"""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from cartwheel.kernel.derived_alarms import alarms_of
from cartwheel.kernel.metric_lines import encode, lines
from cartwheel.kernel.metrics import Recorded
from cartwheel.kernel.own_metrics import RELAY_LAG
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.topology import App
from cartwheel.local.channel import AsyncChannel
from cartwheel.local.database import open_for_reading
from cartwheel.local.logs import append
from cartwheel.local.userpool.errors import Refused

from . import notices
from .collector import Collector, tally
from .figures import Figures
from .history import History
from .notices import Post
from .samples import samples
from .standing import Standing
from .tally import MINUTE, Taken, Tally, key_of
from .watch import Watch

EVERY: Final = 5.0  # seconds
PATIENCE: Final = 30.0  # seconds until a mail that was not taken is tried again


@dataclass(frozen=True)
class Clock:
    """Time as monitoring sees it; a test lets it pass faster."""

    speed: float = 1.0
    begun: float = field(default_factory=time.time)

    def now(self) -> float:
        """Seconds since 1970."""
        return self.begun + (time.time() - self.begun) * self.speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)


@dataclass
class Monitor:
    """`folder` has the shop's data. `lags` tells how long events took to the bus since it was last asked. `post` puts a
    mail into the host's mailbox; None: nobody is to be told. `report` writes the host's log.
    """

    app: App
    folder: Path
    collector: Collector
    watch: Watch
    reader: sqlite3.Connection
    lags: Callable[[], Awaitable[Figures]]
    post: Post | None
    report: Callable[[str, str], None]
    clock: Clock
    _thread: ThreadPoolExecutor = field(default_factory=partial(ThreadPoolExecutor, 1, "metrics"))
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _looked: int = 0

    @property
    def history(self) -> History:
        return self.watch.history

    def start(self) -> None:
        self._looked = self._minute()
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._tell())]

    async def stop(self) -> None:
        """What was taken until now is kept."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(sqlite3.Error, OSError):  # a full disk costs the last seconds' figures
            sums = await self._sums()
            await self.ask(partial(self.history.add, sums.figures()))
            await self.ask(partial(self._log, sums.recorded))
        self._thread.shutdown()
        self.history.close()
        self.reader.close()

    async def ask(self, question: Callable[[], Any]) -> Any:
        """Done in the thread that the history belongs to."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, question)

    async def _sums(self) -> Tally:
        """Of what was noted since the last time."""
        sums: Tally = await self.ask(partial(tally, self.collector.drain()))
        return sums

    def _minute(self) -> int:
        return int(self.clock.now()) // MINUTE * MINUTE

    async def _run(self) -> None:
        while True:
            await self.clock.sleep(EVERY)
            try:
                await self._round()
            except (sqlite3.Error, OSError) as error:  # such as a full disk: the shop goes on, and so does this
                self.report("monitoring", f"the metrics could not be stored: {error}")

    async def _round(self) -> None:
        """Keep what was taken; after the end of a minute, look at the alarms."""
        lags = await self.lags()
        sums, minute = await self._sums(), self._minute()
        taken = sums.figures()
        if lags.count:
            taken.setdefault(minute, {})[key_of(RELAY_LAG)] = lags
        due = minute > self._looked
        for standing in await self.ask(partial(self._keep, taken, minute, due)):
            self.report(standing.alarm.name, f"{standing.state} since {notices.moment(standing.since)}")
        if due:
            self._looked = minute
        await self.ask(partial(self._log, sums.recorded))

    def _keep(self, taken: Taken, minute: int, due: bool) -> list[Standing]:
        present = taken.setdefault(minute, {})
        for metric, value in samples(self.reader, self.app):
            present.setdefault(metric, Figures()).add(value)
        self.history.add(taken)
        if not due:
            return []
        self.history.prune(minute)
        return self.watch.look(minute)

    def _log(self, recorded: dict[str, Recorded]) -> None:
        """What functions recorded, in their logs: as on AWS, but of all their invocations of these seconds together."""
        for function, those in recorded.items():
            append(self.folder, function, "".join(f"{encode(line)}\n" for line in lines(function, those)))

    async def _tell(self) -> None:
        """Hand over what there is to tell, for as long as it takes."""
        while self.post:
            try:
                for notice in await self.ask(partial(notices.waiting, self.history.connection)):
                    await self.post((notice.subject, notice.text))
                    await self.ask(partial(notices.handed_over, self.history.connection, notice))
                await self.clock.sleep(EVERY)
            except (Refused, sqlite3.Error) as error:
                self.report("monitoring", f"the mail of an alarm was not taken and is tried again: {error}")
                await self.clock.sleep(PATIENCE)


def open_monitor(
    app: App,
    folder: Path,
    settings: Settings,
    collector: Collector,
    storage: AsyncChannel,
    post: Post | None,
    report: Callable[[str, str], None],
    clock: Clock,
) -> Monitor:
    """The monitoring of a host; `start` sets it going."""
    watch = Watch(alarms_of(app, settings), History.open(folder), settings.shop_name, clock.now())

    async def lags() -> Figures:
        told: Figures = await storage.call("lags")
        return told

    return Monitor(app, folder, collector, watch, open_for_reading(folder), lags, post, report, clock)
