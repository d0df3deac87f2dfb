"""How the host is, part by part (ADR 39): each check has a time limit, and none is begun while its last one hangs.

asked ─► checked less than 2 s ago? that is the answer
    └──► storage · work, disk and alarms · schedules, all at once ─► after 2 s: who has not answered is failing
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.health import MILLISECONDS, Part, Status, report
from cartwheel.kernel.traces import described

from .callers import require_staff
from .gateway import HttpAnswer, HttpRequest
from .host import Host
from .identity import Signer
from .monitoring import checks
from .monitoring.monitor import Monitor

PATIENCE: Final = 2.0  # seconds for a check
FRESH: Final = 2.0  # seconds that an answer is given again: who asks often costs no more than who asks seldom

Check = Callable[[], Awaitable[list[Part]]]


@dataclass
class Health:
    """Asked by staff over HTTP. It waits for nothing but `PATIENCE`, whatever hangs."""

    host: Host
    monitor: Monitor
    signer: Signer
    folder: Path
    _pending: dict[str, tuple[float, asyncio.Future[list[Part]]]] = field(default_factory=dict)
    _running: asyncio.Task[tuple[int, dict[str, Any]]] | None = None
    _fresh_until: float = 0.0

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        """Raises a Problem for whoever may not ask."""
        require_staff(self.signer, request)
        if self._running is None or (self._running.done() and time.monotonic() >= self._fresh_until):
            self._running = asyncio.create_task(self._look())
        status, document = await asyncio.shield(self._running)  # one caller who leaves does not end it for the others
        return HttpAnswer(status, {"Content-Type": "application/json"}, json.dumps(document).encode())

    async def _look(self) -> tuple[int, dict[str, Any]]:
        checked = timestamp(now())
        found: dict[str, Check] = {
            "storage": self._storage,
            "work": self._work,
            "disk": self._disk,
            "alarms": self._alarms,
        }
        for name, check in found.items():
            if name not in self._pending:
                self._pending[name] = (time.time(), asyncio.ensure_future(check()))
        await asyncio.wait([future for _, future in self._pending.values()], timeout=PATIENCE)
        parts = [part for name in found for part in self._outcome(name)]
        self._fresh_until = time.monotonic() + FRESH
        return report([*parts, checks.schedules(self.host.clocks)], checked)

    def _outcome(self, name: str) -> list[Part]:
        """What the check found; one that hangs stays pending, so that they do not pile up."""
        began, future = self._pending[name]
        if not future.done():
            since = self.host.heard if name == "storage" else began
            return [Part(name, Status.FAILING, f"no answer within {PATIENCE:g} s", checks.moment(since))]
        del self._pending[name]
        if error := future.exception():
            return [Part(name, Status.FAILING, described(error), checks.moment(began))]
        return future.result()

    async def _storage(self) -> list[Part]:
        began = time.perf_counter()
        await self.host.storage.call("backlog")
        took = round(1000 * (time.perf_counter() - began), 1)
        return [Part("storage", Status.OK, f"answered in {took:g} ms", None, MILLISECONDS, {"answer": took})]

    async def _work(self) -> list[Part]:
        settings = self.host.place.settings
        parts: list[Part] = await self.monitor.ask(
            partial(checks.work, self.monitor.reader, self.monitor.app, settings)
        )
        return parts

    async def _disk(self) -> list[Part]:
        return [await asyncio.to_thread(checks.disk, self.folder)]

    async def _alarms(self) -> list[Part]:
        standings = await self.monitor.ask(self.monitor.watch.standings)
        return [checks.alarms(standings)]
