"""The environments of each function: started when needed, reused while warm, ended when idle, killed on a timeout."""

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from cartwheel.kernel.errors import Busy, InternalError, Problem, TimedOut
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.metrics import Recorded
from cartwheel.kernel.topology import Function

from .channel import AsyncChannel, Connection, Pipe, hand_over
from .execution import Failed
from .monitoring.collector import Collector

IDLE_SECONDS: Final = 60.0
STUCK: Final = 0.2  # seconds at one invocation, after which an environment counts as waiting for something outside
MAX_WAITING: Final = 512  # invocations that may wait for an environment of one function


class FunctionFailed(InternalError):
    """The function raised an error: its type and its text, which is only for who invoked the function by name."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(str(failed))
        self.error_type, self.message = failed.error_type, failed.message


@dataclass(eq=False)
class Environment:
    """A live process that runs one function."""

    channel: AsyncChannel
    pid: int
    busy_since: float = 0.0
    idle_since: float = 0.0
    timed_out: bool = False

    def kill(self) -> None:
        self.timed_out = True
        with contextlib.suppress(ProcessLookupError):  # it ended by itself at the same moment
            os.kill(self.pid, signal.SIGKILL)


@dataclass
class Nursery:
    """Makes environments: the processes' wires are laid here, the fork happens in the nursery process."""

    nursery: AsyncChannel
    storage: AsyncChannel

    async def start(self, function: Function, on_close: Callable[[], None]) -> Environment:
        """A new environment; `on_close` is called at its end. Raises OSError, after `on_close`, when there is none."""
        try:
            host_end = await self._fork(function)
        except OSError:
            on_close()
            raise
        channel = AsyncChannel(host_end, on_close)
        return Environment(channel, await channel.hello)

    async def _fork(self, function: Function) -> Connection:
        host_end, host_far_end = Pipe()
        storage_end, storage_far_end = Pipe()
        attached = self.storage.call("attach")
        self.storage.flush()
        hand_over(self.storage.connection, storage_end)
        forked = self.nursery.call("fork", function.name)
        self.nursery.flush()
        hand_over(self.nursery.connection, host_far_end)
        hand_over(self.nursery.connection, storage_far_end)
        await asyncio.gather(attached, forked)
        return host_end


@dataclass
class Pool:
    """The environments of one function: `lively` that get on with their work, never more than `limit` in all."""

    function: Function
    lively: int
    limit: int
    nursery: Nursery
    report: Callable[[str, str], None]
    collector: Collector
    size: int = 0
    busy: set[Environment] = field(default_factory=set)
    _looking: bool = False
    idle: list[Environment] = field(default_factory=list)
    waiting: deque[asyncio.Future[Environment]] = field(default_factory=deque)

    async def invoke(self, event: Any, request_id: str | None = None) -> Any:
        """The function's answer. Raises Busy, TimedOut, or InternalError when the function failed or died."""
        environment = self._warm() or await self._wait()
        loop = asyncio.get_running_loop()
        environment.busy_since = loop.time()
        self.busy.add(environment)
        killer = loop.call_later(self.function.timeout.total_seconds(), environment.kill)
        try:
            answer, recorded = await environment.channel.call("invoke", request_id or new_id(), event)
        except ConnectionError:
            self._count(environment, failed=True, recorded={})
            raise self._died(environment) from None
        finally:
            killer.cancel()
            self.busy.discard(environment)
            self._release(environment)
        self._count(environment, isinstance(answer, Failed), recorded)
        if isinstance(answer, Failed):
            raise FunctionFailed(answer)
        return answer

    def _count(self, environment: Environment, failed: bool, recorded: Recorded) -> None:
        seconds = asyncio.get_running_loop().time() - environment.busy_since
        self.collector.invoked(self.function.name, seconds, failed, recorded)

    def _died(self, environment: Environment) -> Problem:
        seconds = self.function.timeout.total_seconds()
        reason = f"timed out after {seconds:g} s" if environment.timed_out else "ended its process"
        self.report(self.function.name, reason)
        text = f"{self.function.name} {reason}"
        return TimedOut(text) if environment.timed_out else InternalError(text)

    def _warm(self) -> Environment | None:
        """One that has nothing to do and has not ended meanwhile."""
        while self.idle:
            environment = self.idle.pop()
            if not environment.channel.connection.closed:
                return environment
        return None

    async def _wait(self) -> Environment:
        if len(self.waiting) >= MAX_WAITING:
            self.collector.throttled(self.function.name)
            raise Busy("Too many requests wait already; try again in a moment.")
        future: asyncio.Future[Environment] = asyncio.get_running_loop().create_future()
        self.waiting.append(future)
        self._grow()
        return await future

    def _grow(self) -> None:
        """Start an environment if too few of them get on with their work, and look again as long as anyone waits.

        More processes than cores only help where some of them are waiting for something outside; those are the ones
        that have been at one invocation for long.
        """
        loop = asyncio.get_running_loop()
        stuck = sum(1 for environment in self.busy if loop.time() - environment.busy_since > STUCK)
        while self.size < self.limit and self.size - stuck < min(self.lively, stuck + len(self.waiting)):
            self.size += 1
            _keep(self._start())
        if self.waiting and self.size < self.limit and not self._looking:
            self._looking = True
            loop.call_later(STUCK, self._look_again)

    def _look_again(self) -> None:
        self._looking = False
        if self.waiting:
            self._grow()

    async def _start(self) -> None:
        try:
            environment = await self.nursery.start(self.function, self._ended)
        except OSError as error:
            self.report(self.function.name, f"could not be started: {error}")
            self._hand_out(lambda waiting: waiting.set_exception(InternalError("The function could not be started.")))
        else:
            self._release(environment)

    def _ended(self) -> None:
        self.size -= 1
        if self.waiting:
            self._grow()

    def _release(self, environment: Environment) -> None:
        """Give the environment to whoever waits longest, else keep it warm."""
        if environment.channel.connection.closed:
            return
        if not self._hand_out(lambda waiting: waiting.set_result(environment)):
            environment.idle_since = asyncio.get_running_loop().time()
            self.idle.append(environment)

    def _hand_out(self, outcome: Callable[[asyncio.Future[Environment]], None]) -> bool:
        """To whoever waits longest; False when nobody waits."""
        while self.waiting:
            future = self.waiting.popleft()
            if not future.done():
                outcome(future)
                return True
        return False

    def reap(self) -> None:
        """End environments that have had nothing to do for a while."""
        limit = asyncio.get_running_loop().time() - IDLE_SECONDS
        for environment in [each for each in self.idle if each.idle_since < limit]:
            self.idle.remove(environment)
            environment.channel.close()


_running: set[asyncio.Future[Any]] = set()


def _keep(work: Awaitable[Any]) -> None:
    """Run in the background; the loop itself keeps only weak references to its tasks."""
    task = asyncio.ensure_future(work)
    _running.add(task)
    task.add_done_callback(_running.discard)
