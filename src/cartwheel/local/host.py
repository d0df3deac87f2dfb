"""The embedded host: puts the processes together, serves, and stops without losing anything.

host (this process)   HTTP, gateway, queue pumps, schedules          asyncio, no business code
├── storage           the one writer: items, outbox relay, bus, queues
└── nursery           forks the execution environments
    └── one process per environment: one function, one invocation at a time
"""

import asyncio
import fcntl
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cartwheel.kernel.topology import App, Function, Slice
from cartwheel.kernel.traces import trace

from . import address
from .channel import AsyncChannel, Connection, Pipe
from .environments import Nursery, Pool
from .execution import Place
from .monitoring.collector import Collector
from .pump import Clockwork, QueuePump

LOCK_PATIENCE: Final = 3.0  # seconds: a killed host's children need a moment to notice
REAP_EVERY: Final = 10.0


class AlreadyRunning(Exception):
    """Another host serves this data folder."""


def open_folder(folder: Path) -> int:
    """Make the data folder and take its lock, which every process of the host holds until the last one ends."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder / address.LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    patience = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except BlockingIOError:
            if time.monotonic() > patience:
                os.close(handle)
                raise AlreadyRunning(
                    f"A shop is already running on {folder}; stop it, or choose another folder."
                ) from None
            time.sleep(0.05)


def spawn(work: Callable[[Connection], None], *not_theirs: Connection) -> Connection:
    """Fork a process of the host; it ends when its work does, or when the host is gone.

    `not_theirs` are connections of the host that the fork must not keep open: their closing is how others notice.
    """
    here, there = Pipe()
    if os.fork() == 0:
        for connection in (here, *not_theirs):
            connection.close()
        try:
            work(there)
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - the fork must not go on as a second host
            sys.stderr.write(f"{trace(error)}\n")
            os._exit(1)
    there.close()
    return here


@dataclass
class Host:
    """The running parts. `backlog` is the accepted work that is not done; at `max_backlog` the shop takes no more.
    `heard` is when storage last said something, in seconds since 1970.
    """

    app: App
    place: Place
    max_backlog: int
    storage: AsyncChannel
    nursery: AsyncChannel
    report: Callable[[str, str], None]
    collector: Collector = field(default_factory=Collector)
    pools: dict[str, Pool] = field(default_factory=dict)
    pumps: list[QueuePump] = field(default_factory=list)
    clocks: list[Clockwork] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    backlog: int = 0
    accepted_since: int = 0
    heard: float = field(default_factory=time.time)

    async def start(self) -> None:
        """Make the pools, and let queues and clocks drive them. What an earlier run left behind counts from now on."""
        await self._count()
        maker = Nursery(self.nursery, self.storage)
        for function, part in self.app.functions.values():
            self.pools[function.name] = _pool(function, part, maker, self.report, self.collector)
        for consumer in self.app.consumers:
            pool = self.pools[consumer.name]
            self.pumps.append(QueuePump(consumer, pool, self.storage, self._settled, self._callers_wait))
        self.clocks = [Clockwork(each, self.pools[each.function.name], self.report) for each in self.app.schedules]
        self.tasks = [asyncio.create_task(pump.run()) for pump in self.pumps]
        self.tasks += [asyncio.create_task(clock.run()) for clock in self.clocks]
        self.tasks += [asyncio.create_task(self._reap()), asyncio.create_task(self._watch())]

    def overloaded(self) -> bool:
        return self.backlog + self.accepted_since >= self.max_backlog

    def accepted(self) -> None:
        """One more since the backlog was last counted: a fast crowd would fill it several times in between."""
        self.accepted_since += 1

    async def trigger(self, event: dict[str, Any]) -> None:
        """Hand an event of the user pool to those functions that the map has for it. Raises a Problem if one fails."""
        for trigger in self.app.triggers:
            if event["triggerSource"].startswith(trigger.on):
                await self.pools[trigger.function.name].invoke(event)

    async def drained(self) -> None:
        """Until nothing that was accepted is left to do."""
        while self.backlog or await self.storage.call("backlog"):
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Finish what is under way, start nothing more; what is in the queues stays there for the next start."""
        for pump in self.pumps:
            pump.stopping = True
        await self.storage.call("cancel_polls")
        await asyncio.gather(*self.tasks[: len(self.pumps)])
        for task in self.tasks:
            task.cancel()
        self.nursery.close()
        await self.storage.call("stop")

    async def abandon(self) -> None:
        """Give up where a process of the host has died: what was under way is in the queues, and comes again."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def _callers_wait(self) -> bool:
        return any(self.pools[part.api.name].waiting for part in self.app.slices if part.api)

    def _settled(self, backlog: int) -> None:
        self.backlog, self.accepted_since, self.heard = backlog, 0, time.time()

    async def _count(self) -> None:
        self._settled(await self.storage.call("backlog"))

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            await self._count()

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(REAP_EVERY)
            for pool in self.pools.values():
                pool.reap()


def _pool(
    function: Function, part: Slice, maker: Nursery, report: Callable[[str, str], None], collector: Collector
) -> Pool:
    """How many environments a function gets.

    Requests: enough to keep every core busy while some wait for a commit. Queues and schedules: one that is not held
    up by something outside, so that batches fill, and each message costs less.
    """
    cores = os.cpu_count() or 1
    lively, limit = (2 * cores, 4 * cores) if function is part.api else (1, 2)
    return Pool(function, lively, function.concurrency or limit, maker, report, collector)
