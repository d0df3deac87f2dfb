"""How the host's processes talk: pickled messages over socket pairs, between processes of one user on one machine.

A question is `(number, method, arguments)`, its answer `(number, result)`; a result that is an exception is raised.
A message is a list of them: waking the other process costs more than the words, so what comes together goes together.
The first message of a new process is its hello, answer number 0.
"""

import asyncio
import contextlib
import gc
import os
import socket
from collections.abc import Callable
from itertools import count
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

__all__ = ["AsyncChannel", "Connection", "Pipe", "call", "hand_over", "name_process", "spare_collector", "take_over"]


def name_process(name: str) -> None:
    """What `ps` and `top` show for this process, where the kernel lets it be set (Linux, 15 characters)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name)


def spare_collector() -> None:
    """Let the garbage collector look less often, and never at what was there before: requests leave no cycles behind.

    What it does not look at is not written to either, so that forked processes go on sharing it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


def call(connection: Connection, method: str, *arguments: Any) -> Any:
    """Ask and wait for the answer; for a process that has one question open at a time."""
    connection.send([(0, method, arguments)])
    ((_, result),) = connection.recv()
    if isinstance(result, Exception):
        raise result
    return result


def hand_over(via: Connection, end: Connection) -> None:
    """Give the process at the other side of `via` the `end` of another connection; it is gone from here."""
    with socket.socket(socket.AF_UNIX, fileno=os.dup(via.fileno())) as carrier:
        socket.send_fds(carrier, [b"."], [end.fileno()])
    end.close()


def take_over(via: Connection) -> Connection:
    """The end that the other side hands over next. Raises EOFError when it is gone instead."""
    with socket.socket(socket.AF_UNIX, fileno=os.dup(via.fileno())) as carrier:
        _, handles, _, _ = socket.recv_fds(carrier, 1, 1)
    if not handles:
        raise EOFError
    return Connection(handles[0])


class AsyncChannel:
    """The host's end: many questions open at once, answers in any order.

    A message is written whole by its sender, so reading one blocks the loop only for as long as copying it takes.
    """

    def __init__(self, connection: Connection, on_close: Callable[[], None]) -> None:
        self.connection = connection
        self._on_close = on_close
        self._numbers = count(1)
        self._loop = asyncio.get_running_loop()
        self.hello: asyncio.Future[Any] = self._loop.create_future()
        self._waiting: dict[int, asyncio.Future[Any]] = {0: self.hello}
        self._unsent: list[tuple[int, str, tuple[Any, ...]]] = []
        self._loop.add_reader(connection.fileno(), self._readable)
        os.set_blocking(connection.fileno(), True)  # uvloop's readers make it non-blocking; `recv` reads whole messages

    def call(self, method: str, *arguments: Any) -> asyncio.Future[Any]:
        """The answer to come; it raises what the other side raised, or ConnectionError when that is gone.

        All questions of one turn of the event loop go in one message, at its end.
        """
        number = next(self._numbers)
        future: asyncio.Future[Any] = self._loop.create_future()
        self._waiting[number] = future
        if not self._unsent:
            self._loop.call_soon(self.flush)
        self._unsent.append((number, method, arguments))
        return future

    def flush(self) -> None:
        """Send what was asked so far: before `hand_over`, which goes right behind its question."""
        questions, self._unsent = self._unsent, []
        try:
            if questions:
                self.connection.send(questions)
        except OSError:
            self.close()

    def close(self) -> None:
        if not self.connection.closed:
            self._loop.remove_reader(self.connection.fileno())
            self.connection.close()
            self._on_close()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ConnectionError("the other process is gone"))
                future.exception()  # whoever waits still gets it; nobody waiting is no fault
        self._waiting.clear()

    def _readable(self) -> None:
        try:
            answers = self.connection.recv()
        except (EOFError, OSError):
            self.close()
            return
        for number, result in answers:
            self._settle(number, result)

    def _settle(self, number: int, result: Any) -> None:
        future = self._waiting.pop(number, None)
        if future is None or future.done():
            return
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
