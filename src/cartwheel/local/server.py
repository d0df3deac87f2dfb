"""The ASGI application: health, documentation, operators and invocations here, all else by the gateway."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from cartwheel.kernel.errors import NotFound, Problem, TooLarge

from .gateway import Gateway, HttpAnswer, HttpRequest, problem_answer
from .invoke import Invoke
from .operators import Operators

MAX_BODY_BYTES: Final = 6 * 1024 * 1024  # what a Lambda function can be handed

OWN_PAGES: Final = frozenset({"/", "/health", "/openapi.json", "/docs"})

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass
class Server:
    """`document` is the OpenAPI document, `docs` its page. `ready` turns true once the shop serves."""

    gateway: Gateway
    operators: Operators
    invocations: Invoke
    document: bytes
    docs: Callable[[], bytes]
    ready: bool = False

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        await _send(send, await self._answer(scope, receive))

    async def _answer(self, scope: dict[str, Any], receive: Receive) -> HttpAnswer:
        try:
            request = await _read(scope, receive)
            if request.method in ("GET", "HEAD") and request.path in OWN_PAGES:
                return self._own_page(request)
            if request.path.startswith(Operators.PREFIX):
                return await self.operators.answer(request)
            if request.path.startswith(Invoke.PREFIX):
                return await self.invocations.answer(request)
        except Problem as refused:
            return problem_answer(refused)
        return await self.gateway.answer(request)

    def _own_page(self, request: HttpRequest) -> HttpAnswer:
        if request.path == "/health":
            return self._health()
        if request.path == "/":
            return HttpAnswer(307, {"Location": "/docs"}, b"")
        if request.path == "/docs" and request.query != "format=json":  # that is what the page links to
            return HttpAnswer(200, {"Content-Type": "text/html; charset=utf-8"}, self.docs())
        return HttpAnswer(200, {"Content-Type": "application/json"}, self.document)

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
