"""A small HTTP client for load: one keep-alive connection, so little work per request that the shop is measured."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, lower-case headers and body of an answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection to a shop on this machine. Raises OSError or EOFError when the shop goes away."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> "Client":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._writer
        self._writer.close()

    async def request(
        self, method: str, path: str, document: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """`document` is sent as JSON, or as it is when it is bytes; then the headers say what it is."""
        assert self._reader
        assert self._writer
        fields = {"Host": "localhost"}
        if document is not None and not isinstance(document, bytes):
            document = json.dumps(document).encode()
            fields["Content-Type"] = "application/json"
        body: bytes = document or b""
        fields |= {"Content-Length": str(len(body)), **(headers or {})}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        self._writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status_line, *header_lines = head.rstrip().split("\r\n")
        received = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in header_lines)}
        content = await self._reader.readexactly(int(received.get("content-length", 0)))
        return Answer(int(status_line.split(" ", 2)[1]), received, content)
