"""A connection that does not wait for ever: whoever sends a request too slowly, or too much of a head, is cut off.

uvicorn itself ends connections that are idle between requests, but not those on which a request never becomes whole.
"""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from cartwheel.kernel.answer_headers import SECURITY
from cartwheel.kernel.errors import HeadersTooLarge, Problem, RequestTimeout
from cartwheel.kernel.request_limits import MAX_HEAD_BYTES

from .gateway import problem_answer

HEAD_SECONDS: Final = 10.0  # from the connection, or the first byte of another request on it, to the end of the head
BODY_SECONDS: Final = 60.0  # … to the end of the body
LOOK_EVERY: Final = 1.0
# Names, line ends and what else is not counted by `check_head` fit in, so that its answers are given where possible.
MOST_HEAD_BYTES: Final = 2 * MAX_HEAD_BYTES


class Connection(HttpToolsProtocol):
    """`since` is when the request began that is still arriving; None when nothing is."""

    since: float | None = None
    in_head = True
    head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.since = self.loop.time()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.since, self.in_head, self.head_bytes = self.loop.time(), True, 0

    def on_headers_complete(self) -> None:
        self.in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.since = None
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        if self.in_head:
            self.head_bytes += len(data)
        super().data_received(data)
        if self.in_head and self.head_bytes > MOST_HEAD_BYTES:
            self.refuse(HeadersTooLarge(f"URL and headers may have {MAX_HEAD_BYTES} bytes at most."))

    def send_400_response(self, msg: str) -> None:
        self.refuse(Problem("This is not HTTP/1.1 as the shop understands it."))

    def look(self, now: float) -> None:
        """End it if the request that it is at has taken too long to arrive."""
        if self.since is None or self.transport.is_closing():
            return
        if now - self.since > (HEAD_SECONDS if self.in_head else BODY_SECONDS):
            self.refuse(RequestTimeout("The request took too long to arrive; send it again, faster."))

    def refuse(self, problem: Problem) -> None:
        """Say so, unless an answer is on its way already, and hang up."""
        self.since = None
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            answer = problem_answer(problem)
            headers = {**SECURITY, **answer.headers, "Content-Length": len(answer.body), "Connection": "close"}
            lines = "".join(f"{name.lower()}: {value}\r\n" for name, value in headers.items())
            self.transport.write(STATUS_LINE[answer.status] + lines.encode() + b"\r\n" + answer.body)
        self.transport.close()


async def watch(connections: Iterable[Any]) -> None:
    """Look at them all, every now and then, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(LOOK_EVERY)
        now = loop.time()
        for connection in list(connections):
            connection.look(now)
