"""Whoever sends a request too slowly is cut off; who is merely idle between two, or waits for an answer, is not."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import uvicorn

from cartwheel.local import connection
from cartwheel.local.connection import Connection, watch

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers the length of the body, after a pause of ten times what a head may take if that is asked for."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        if not message["more_body"]:
            break
    await asyncio.sleep(0.6 if scope["path"] == "/slow" else 0)
    length = str(len(body)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(length))]})
    await send({"type": "http.response.body", "body": length})


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.15)
    monkeypatch.setattr(connection, "BODY_SECONDS", 0.4)
    monkeypatch.setattr(connection, "LOOK_EVERY", 0.02)


@contextlib.asynccontextmanager
async def served() -> AsyncIterator[int]:
    class Quiet(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Any:
            yield

    server = Quiet(uvicorn.Config(echo, http=Connection, lifespan="off", log_config=None, timeout_graceful_shutdown=1))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        watching = asyncio.create_task(watch(server.server_state.connections))
        yield int(listener.getsockname()[1])
        server.should_exit = True
        await serving
        watching.cancel()


def conversation(talk: Talk) -> None:
    async def main() -> None:
        async with served() as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                await asyncio.wait_for(talk(reader, writer), 5)
            finally:
                writer.close()

    asyncio.run(main())


def cut_off(*pieces: bytes, pause: float) -> bytes:
    """What comes back when the pieces are sent with pauses between them, up to the hanging up."""
    received = bytearray()

    async def listen(reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionResetError):  # it hung up while more was on its way
            while got := await reader.read(4096):
                received.extend(got)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listening = asyncio.create_task(listen(reader))
        for piece in pieces:
            writer.write(piece)
            await asyncio.wait([listening], timeout=pause)
            if b"HTTP/1.1 408" in received:
                break
        await listening

    conversation(talk)
    return bytes(received)


def test_who_says_nothing() -> None:
    assert cut_off(pause=0).startswith(b"HTTP/1.1 408 ")


def test_a_head_letter_by_letter() -> None:
    received = cut_off(*[bytes([letter]) for letter in HEAD], pause=0.02)
    assert received.startswith(b"HTTP/1.1 408 ")
    assert b'"kind' not in received
    assert b"request-timeout" in received
    assert b"connection: close" in received


def test_a_body_that_never_becomes_whole() -> None:
    assert cut_off(HEAD, *[b"a"] * 9, pause=0.1).startswith(b"HTTP/1.1 408 ")


def test_the_second_request_is_watched_like_the_first() -> None:
    received = cut_off(HEAD + b"0123456789", HEAD[:20], b"", pause=0.05)
    assert received.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in received


@pytest.mark.parametrize("path", [b"/", b"/slow"])
def test_who_is_in_time_is_left_alone(path: bytes) -> None:
    """Idle between requests, or waiting for an answer, longer than a head may take."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            writer.write(HEAD.replace(b"/", path, 1) + b"01234")
            await asyncio.sleep(0.1)
            writer.write(b"56789")
            answer = await reader.readuntil(b"\r\n\r\n10")
            assert answer.startswith(b"HTTP/1.1 200 ")
            await asyncio.sleep(0.3)

    conversation(talk)


def test_an_answer_on_its_way_is_not_mixed_with_another() -> None:
    """One that began before the body was there is left as it is; the connection just ends."""
    received = cut_off(HEAD.replace(b"10", b"10\r\nConnection: close") + b"0123456789", pause=0.1)
    assert received.count(b"HTTP/1.1 ") == 1
