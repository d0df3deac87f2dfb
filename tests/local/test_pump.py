"""What a pump asks of a storage, and when it stops asking."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from cartwheel.app import APP
from cartwheel.local.pump import QueuePump


@dataclass
class Storage:
    """It has no message for anybody: whoever asks for some waits, as long as nobody sends the waiting away."""

    asked: list[str] = field(default_factory=list)

    def call(self, method: str, *_: Any) -> asyncio.Future[Any]:
        self.asked.append(method)
        return asyncio.get_running_loop().create_future()


class Pool:
    limit = 1


@pytest.mark.parametrize(
    ("consumer", "callers_wait"),
    [("ledger-events", False), ("payment-events", True)],
    ids=["while messages gather", "while requests go first"],
)
def test_a_pump_that_pauses_when_the_host_stops_asks_for_nothing_more(consumer: str, callers_wait: bool) -> None:
    """The host sends away once who waits for messages: who asked after that would wait for ever, and the host, too."""

    async def scenario() -> list[str]:
        (found,) = [each for each in APP.consumers if each.name == consumer]
        pool: Any = Pool()
        storage: Any = Storage()
        pump = QueuePump(found, pool, storage, lambda _: None, lambda: callers_wait)
        running = asyncio.create_task(pump.run())
        await asyncio.sleep(0.01)
        pump.stopping = True
        await asyncio.wait_for(running, 5)
        return list(storage.asked)

    assert asyncio.run(scenario()) == []
