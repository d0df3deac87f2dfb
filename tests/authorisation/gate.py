"""The shop of one process behind the real gateway: tokens are verified as in the running one."""

import asyncio
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from cartwheel.app import APP
from cartwheel.kernel.openapi import document
from cartwheel.kernel.router import Router
from cartwheel.local.gateway import Gateway, HttpRequest
from cartwheel.local.identity import Signer
from tests.support.shop import Shop


@cache
def router() -> Router:
    return Router(document(APP))


@dataclass
class Pool:
    """Takes the place of a function's processes."""

    shop: Shop
    function: str

    async def invoke(self, event: dict[str, Any], _: str) -> Any:
        return self.shop.invoke(self.function, event)


@dataclass(frozen=True)
class Heard:
    """An answer."""

    status: int
    text: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Gate:
    """`ask` sends a request with exactly these headers."""

    shop: Shop
    signer: Signer
    gateway: Gateway = field(init=False)

    def __post_init__(self) -> None:
        pools: Any = {name: Pool(self.shop, name) for name in APP.functions}
        self.gateway = Gateway(router(), self.signer, pools, lambda: False, lambda: None, lambda *_: None)
        self.loop = asyncio.new_event_loop()

    @classmethod
    def of(cls, folder: Path, signer: Signer) -> "Gate":
        return cls(Shop(folder), signer)

    def close(self) -> None:
        self.loop.close()
        self.shop.close()

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Heard:
        place, _, query = path.partition("?")
        content = json.dumps(body).encode() if body is not None else b""
        kind = {"content-type": "application/json"} if body is not None else {}
        sent = kind | {name.lower(): value for name, value in (headers or {}).items()}
        answer = self.loop.run_until_complete(self.gateway.answer(HttpRequest(method, place, query, sent, content)))
        return Heard(answer.status, answer.body.decode(), answer.headers)
