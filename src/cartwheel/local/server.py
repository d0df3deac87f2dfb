"""The ASGI application: health, documentation and operators are answered here, the gateway answers the rest."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cartwheel.kernel.errors import NotFound, Problem, TooLarge

from .gateway import Gateway, HttpAnswer, HttpRequest, problem_answer
from .operators import Operators

MAX_BODY_BYTES: Final = 6 * 1024 * 1024  # what a Lambda function can be handed

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass
class Server:
    """`document` is the OpenAPI document, `docs` its page. `ready` turns true once the shop serves."""

    gateway: Gateway
    operators: Operators
    document: bytes
    docs: Callable[[], bytes]
    ready: bool = False
    in_flight: int = field(default=0, init=False)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.in_flight += 1
        try:
            await _send(send, await self._answer(scope, receive))
        finally:
            self.in_flight -= 1

    async def _answer(self, scope: dict[str, Any], receive: Receive) -> HttpAnswer:
        try:
            request = await _read(scope, receive)
            own = self._own_pages().get(request.path) if request.method in ("GET", "HEAD") else None
            if own:
                return own()
            if request.path.startswith(Operators.PREFIX):
                return await self.operators.answer(request)
        except Problem as refused:
            return problem_answer(refused)
        return await self.gateway.answer(request)

    def _own_pages(self) -> Mapping[str, Callable[[], HttpAnswer]]:
        return {
            "/health": self._health,
            "/openapi.json": lambda: HttpAnswer(200, {"Content-Type": "application/json"}, self.document),
            "/docs": lambda: HttpAnswer(200, {"Content-Type": "text/html; charset=utf-8"}, self.docs()),
            "/": lambda: HttpAnswer(307, {"Location": "/docs"}, b""),
        }

    def _health(self) -> HttpAnswer:
        status = {"status": "ok" if self.ready else "starting", "backlog": self.operators.backlog()}
        return HttpAnswer(200 if self.ready else 503, {"Content-Type": "application/json"}, json.dumps(status).encode())


async def _read(scope: dict[str, Any], receive: Receive) -> HttpRequest:
    """The whole request. Raises TooLarge as soon as it is known to be, without reading on."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge(f"A body may have {MAX_BODY_BYTES // 1024 // 1024} MiB at most; send it in parts.")
        if not message.get("more_body"):
            break
    if message["type"] == "http.disconnect":
        raise NotFound("The caller is gone.")
    source = (scope.get("client") or ("127.0.0.1", 0))[0]
    query = scope["query_string"].decode("latin-1")
    return HttpRequest(scope["method"], scope["path"], query, headers, body, source)


async def _send(send: Send, answer: HttpAnswer) -> None:
    headers = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in answer.headers.items()]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
