"""The ASGI application: health, documentation, operators and invocations here, all else by the gateway."""

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from cartwheel.kernel import health
from cartwheel.kernel.docs_page import policy
from cartwheel.kernel.errors import InternalError, NotFound, Problem
from cartwheel.kernel.request_limits import BODY_BYTES, check_body, check_head
from cartwheel.kernel.traces import described

from .door import Door
from .gateway import Gateway, HttpAnswer, HttpRequest, problem_answer
from .health import Health
from .invoke import Invoke
from .monitoring.collector import Collector
from .monitoring.pages import Pages
from .operators import Operators
from .userpool.endpoint import Endpoint
from .visitor import Visitor

OWN_PAGES: Final = frozenset({"/", "/health", "/openapi.json", "/docs"})
HTML: Final = "text/html; charset=utf-8"

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass
class Server:
    """`document` is the OpenAPI document, `docs` its page. `ready` turns true once the shop serves; `report` is told,
    about what and in which words, of failures that nobody foresaw.
    """

    door: Door
    gateway: Gateway
    operators: Operators
    invocations: Invoke
    users: Endpoint
    pages: Pages
    health: Health
    collector: Collector
    document: bytes
    docs: Callable[[], bytes]
    report: Callable[[str, str], None]
    ready: bool = False

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = _headers(scope)
        visitor = self.door.visitor((scope.get("client") or ("127.0.0.1", 0))[0], headers)
        query = scope["query_string"].decode("latin-1")
        head = HttpRequest(scope["method"], scope["path"], query, headers, b"", visitor.address, visitor.client)
        try:
            check_head(head.path, head.query, headers.values())
            answer = self.door.preflight(head) or await self._answer(head, visitor, receive)
        except Problem as refused:
            answer = problem_answer(refused)
        except Exception as error:  # noqa: BLE001 - its text may hold what was sent, so it is not for the server's log
            self.report("host", f"a request failed: {described(error)}")
            answer = problem_answer(InternalError("The error was logged; try again."))
        self.door.dress(answer, headers.get("origin"), visitor.secure)
        await _send(send, answer)

    async def _answer(self, head: HttpRequest, visitor: Visitor, receive: Receive) -> HttpAnswer:
        """Raises a Problem. Outside of the gateway clients are counted by address alone."""
        if head.path.startswith(Invoke.PREFIX):  # which says in AWS's form who may ask
            self.door.admit(head, None)
            return await self.invocations.answer(replace(head, body=await _body(receive, lambda: BODY_BYTES)))
        self.door.check_name(head, visitor)
        if self.users.is_asked(head):
            return await self.users.answer(replace(head, body=await _body(receive, lambda: BODY_BYTES)))
        if head.method in ("GET", "HEAD") and head.path in OWN_PAGES:
            self.door.admit(head, None)
            return self._own_page(head)
        if head.path.startswith(Operators.PREFIX):
            self.door.admit(head, None)
            return await self.operators.answer(replace(head, body=await _body(receive, lambda: BODY_BYTES)))
        if head.method == "GET" and head.path == health.PATH:
            self.door.admit(head, None)
            return await self.health.answer(head)
        if head.path in Pages.PATHS:
            self.door.admit(head, None)
            return await self.pages.answer(replace(head, body=await _body(receive, lambda: BODY_BYTES)), visitor.secure)
        body = await _body(receive, lambda: self.gateway.most_bytes(head))
        began = time.perf_counter()
        answer = await self.gateway.answer(replace(head, body=body))
        self.collector.answered(answer.status, time.perf_counter() - began)
        return answer

    def _own_page(self, request: HttpRequest) -> HttpAnswer:
        if request.path == "/health":
            return self._health()
        if request.path == "/":
            return HttpAnswer(307, {"Location": "/docs"}, b"")
        if request.path == "/docs" and request.query != "format=json":  # that is what the page links to
            page = self.docs()
            return HttpAnswer(200, {"Content-Type": HTML, "Content-Security-Policy": policy(page)}, page)
        return HttpAnswer(200, {"Content-Type": "application/json"}, self.document)

    def _health(self) -> HttpAnswer:
        status = {"status": "ok" if self.ready else "starting", "backlog": self.operators.backlog()}
        return HttpAnswer(200 if self.ready else 503, {"Content-Type": "application/json"}, json.dumps(status).encode())


def _headers(scope: dict[str, Any]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


async def _body(receive: Receive, most_bytes: Callable[[], int]) -> bytes:
    """The whole body. Where it is longer than usual, `most_bytes` says whether it may be; that raises a Problem, too.

    Raises TooLarge as soon as it is known to be, without reading on.
    """
    body, most = bytearray(), BODY_BYTES
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise NotFound("The caller is gone.")
        body += message.get("body", b"")
        if len(body) > most:
            most = most_bytes()
            check_body(len(body), most)
        if not message.get("more_body"):
            return bytes(body)


async def _send(send: Send, answer: HttpAnswer) -> None:
    headers = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in answer.headers.items()]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
