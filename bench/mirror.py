"""A server that does nothing but answer: what the client reaches against it is the client's own floor."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, cast

import uvloop

from .figures import Figures
from .load import HEALTH, closed_loop

ANSWER: Final = b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{"status":"ok"}'


def client_floor(clients: int, seconds: float) -> Figures:
    """Requests a second, and what each costs the client in microseconds of processor time."""
    with _mirror() as port:
        before = time.process_time()
        load = uvloop.run(closed_loop(port, clients, seconds, HEALTH, 200))
        spent = time.process_time() - before
    return {"client.rate": load.rate, "client.microseconds": spent / len(load.latencies) * 1e6}


@contextmanager
def _mirror() -> Iterator[int]:
    """The port of a mirror in a process of its own; it ends with its standard input."""
    process = subprocess.Popen([sys.executable, "-m", __spec__.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdout
        yield int(process.stdout.readline())
        process.kill()


class _Mirror(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        self._transport.write(ANSWER)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Mirror, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(_serve())
