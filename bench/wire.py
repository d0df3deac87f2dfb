"""A client that costs little: requests are bytes made beforehand, answers are cut out of the stream and not parsed."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, cast

import orjson

_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_STATUS: Final = slice(9, 12)  # of "HTTP/1.1 200"


def request(method: str, path: str, document: Any = None, headers: Mapping[str, str] | None = None) -> bytes:
    """A whole request."""
    body = b"" if document is None else orjson.dumps(document)
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    if body:
        lines.append("Content-Type: application/json")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Wire(asyncio.Protocol):
    """One keep-alive connection to a server on this machine, with one request open at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.WriteTransport | None = None
        self._received = b""
        self._answer: asyncio.Future[Answer] = self._loop.create_future()

    async def ask(self, whole_request: bytes) -> Answer:
        """The answer. Raises ConnectionError when the server goes away instead."""
        if self._transport is None:  # the server closes what was not used for a while
            await self.connect()
        assert self._transport
        self._answer = self._loop.create_future()
        self._transport.write(whole_request)
        return await self._answer

    async def connect(self) -> None:
        await self._loop.create_connection(lambda: self, "127.0.0.1", self._port)

    def close(self) -> None:
        if self._transport:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("the server closed the connection"))
            self._answer.exception()  # whoever waits still gets it; nobody waiting is no fault

    def data_received(self, data: bytes) -> None:
        self._received += data
        end_of_head = self._received.find(b"\r\n\r\n")
        length = _LENGTH.search(self._received, 0, end_of_head) if end_of_head > 0 else None
        if length is None:
            return
        start = end_of_head + 4
        if len(self._received) >= start + int(length[1]):
            answer = Answer(int(self._received[_STATUS]), self._received[start:])
            self._received = b""
            if not self._answer.done():  # whoever asked may have been stopped meanwhile
                self._answer.set_result(answer)


@asynccontextmanager
async def wires(port: int, number: int) -> AsyncIterator[list[Wire]]:
    """So many open connections."""
    opened = [Wire(port) for _ in range(number)]
    try:
        for wire in opened:
            await wire.connect()
        yield opened
    finally:
        for wire in opened:
            wire.close()
