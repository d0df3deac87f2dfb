"""What drives the functions that nobody calls: messages from the queues, and the clock."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from cartwheel.kernel.errors import Problem
from cartwheel.kernel.queue import Failure, Message
from cartwheel.kernel.topology import Consumer, Schedule

from .channel import AsyncChannel
from .environments import Pool

GATHERING: Final = 0.05  # seconds: the longest that a message waits for others, where many are taken at once
COURTESY: Final = 10  # times that a queue lets waiting requests go first, 20 ms each, before it has its turn


@dataclass
class QueuePump:
    """Takes batches from one queue as long as there is an environment to handle them, and settles the outcome."""

    consumer: Consumer
    pool: Pool
    storage: AsyncChannel
    settled: Callable[[int], None]
    callers_wait: Callable[[], bool]
    stopping: bool = False
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Until stopped; then what is under way is finished first."""
        while await self._goes_on():
            free = self.pool.limit - len(self._under_way)
            messages = await self.storage.call("receive", self.consumer.name, free * self.consumer.batch)
            if not messages:
                break
            for start in range(0, len(messages), self.consumer.batch):
                task = asyncio.create_task(self._handle(messages[start : start + self.consumer.batch]))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
            if len(self._under_way) >= self.pool.limit:
                await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.gather(*self._under_way)

    async def _goes_on(self) -> bool:
        """After the pauses that are due. Looked at last: the host sends away once who waits for messages, and whoever
        asked for some after that would wait for ever.
        """
        if not self.stopping:
            await self._let_requests_pass()
        if self.consumer.gathers and not self.stopping:
            await asyncio.sleep(GATHERING)
        return not self.stopping

    async def _let_requests_pass(self) -> None:
        """While callers wait for an environment, messages do, for a while: what was accepted is safe already."""
        for _ in range(COURTESY):
            if self.stopping or not self.callers_wait():
                return
            await asyncio.sleep(0.02)

    async def _handle(self, messages: list[Message]) -> None:
        failed = await self._invoke(messages)
        done = [message.id for message in messages if message.id not in failed]
        failures = [Failure(message_id, error) for message_id, error in failed.items()]
        with contextlib.suppress(ConnectionError):  # the storage has died; the messages will come again
            self.settled(await self.storage.call("settle", self.consumer.name, done, failures))

    async def _invoke(self, messages: list[Message]) -> dict[str, str]:
        """The failed messages with their errors. When the function fails as a whole, that is all of them."""
        try:
            answer = await self.pool.invoke({"Records": [_record(message) for message in messages]})
        except Problem as problem:
            return {message.id: problem.detail for message in messages}
        failed, known = _failures(answer), {message.id for message in messages}
        if failed is None or not failed.keys() <= known:
            return dict.fromkeys(known, "the function's answer does not name failed messages of its batch")
        return failed


def _failures(answer: Any) -> dict[str, str] | None:
    """The failures that a function reports, with their errors; None when it does not answer in SQS's form."""
    try:
        named = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
        return {identifier: str(answer.get("errors", {}).get(identifier, "failed")) for identifier in named}
    except (KeyError, TypeError, AttributeError):
        return None


def _record(message: Message) -> dict[str, Any]:
    """The message as SQS hands it to a Lambda function."""
    return {
        "messageId": message.id,
        "receiptHandle": message.id,
        "body": message.body,
        "attributes": {"ApproximateReceiveCount": str(message.receives), "SentTimestamp": message.sent_at},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }


@dataclass
class Clockwork:
    """Invokes a scheduled function every so often, never twice at once. `ran` is when it last did well, or began to
    wait for its first time, on the monotonic clock.
    """

    schedule: Schedule
    pool: Pool
    report: Callable[[str, str], None]
    ran: float = field(default_factory=time.monotonic)

    async def run(self) -> None:
        """Until cancelled. A failed run is reported; the next one comes in its time."""
        while True:
            await asyncio.sleep(self.schedule.every.total_seconds())
            try:
                await self.pool.invoke({"source": "cartwheel.schedule", "detail-type": "Scheduled Event"})
                self.ran = time.monotonic()
            except Problem as problem:
                self.report(self.schedule.function.name, problem.detail)
