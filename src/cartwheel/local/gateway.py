"""The gateway: finds the function of a request, checks the token, hands over an API Gateway 2.0 event."""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cartwheel.kernel.errors import Busy, InternalError, Problem, Unauthorised
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.payload import body_fields, query_parameters
from cartwheel.kernel.request_limits import BODY_BYTES
from cartwheel.kernel.router import Router, Target

from .environments import Pool
from .identity import Signer

ACCEPTED: Final = 202  # the work is stored, and done later
MUTATING: Final = frozenset({"POST", "PUT", "DELETE", "PATCH"})


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request, read whole. Header names are in lower case. `client` is whom throttling counts; empty: nobody."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    source_ip: str = "127.0.0.1"
    client: str = ""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What goes back."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Gateway:
    """`overloaded` says whether the shop has as much accepted work as it can hold; `accepted` hears of each more.
    `admit` is asked for each request, with the subject of its token, and raises where there are too many of one client.
    """

    router: Router
    signer: Signer
    pools: dict[str, Pool]
    overloaded: Callable[[], bool]
    accepted: Callable[[], None]
    admit: Callable[[HttpRequest, str | None], None]

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        """Every failure becomes a problem document here; nothing is raised."""
        request_id = new_id()
        try:
            answer = await self._route(request, request_id)
        except Problem as refused:
            answer = problem_answer(refused)
        answer.headers["X-Request-Id"] = request_id
        return answer

    async def _route(self, request: HttpRequest, request_id: str) -> HttpAnswer:
        try:
            target, parameters = self.router.find(request.method, request.path)
        except Problem:
            self.admit(request, None)
            raise
        claims = self._identify(request, target)
        if request.method in MUTATING and target.role not in ("staff", "admin") and self.overloaded():
            raise Busy("More orders are under way than can be settled at once; try again shortly.", retry_after=2)
        event = _event(request, target, parameters, claims, request_id)
        answer = _answer(await self.pools[target.function].invoke(event, request_id))
        if answer.status == ACCEPTED:
            self.accepted()
        return answer

    def most_bytes(self, request: HttpRequest) -> int:
        """How long the body may be. Where that is more than usual, whoever sends it has to be known before it is read.

        Raises a Problem for what would be refused anyway.
        """
        target, _ = self.router.find(request.method, request.path)
        if target.most_bytes > BODY_BYTES:
            self._claims(request, target)
        return target.most_bytes

    def _identify(self, request: HttpRequest, target: Target) -> dict[str, str] | None:
        """The verified claims. Whoever sends a bad token is counted by address."""
        try:
            claims = self._claims(request, target)
        except Unauthorised:
            self.admit(request, None)
            raise
        self.admit(request, claims["sub"] if claims else None)
        return claims

    def _claims(self, request: HttpRequest, target: Target) -> dict[str, str] | None:
        """The verified claims; a token is checked wherever it is sent, and needed where the route says so."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self.signer.verify(token.strip())
        if target.role != "open":
            raise Unauthorised("Send a token: Authorization: Bearer <token>.", headers={"WWW-Authenticate": "Bearer"})
        return None


def problem_answer(refused: Problem) -> HttpAnswer:
    headers = {"Content-Type": "application/problem+json", **refused.headers}
    return HttpAnswer(refused.status, headers, refused.body().encode())


def _event(
    request: HttpRequest, target: Target, parameters: dict[str, str], claims: dict[str, str] | None, request_id: str
) -> dict[str, Any]:
    """Payload format 2.0."""
    context: dict[str, Any] = {
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.source_ip,
            "userAgent": request.headers.get("user-agent", ""),
        },
        "requestId": request_id,
        "routeKey": target.key,
        "stage": "$default",
        "timeEpoch": time.time_ns() // 1_000_000,
    }
    if claims:
        context["authorizer"] = {"jwt": {"claims": claims, "scopes": None}}
    return {
        "version": "2.0",
        "routeKey": target.key,
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": request.headers,
        "queryStringParameters": query_parameters(request.query),
        "pathParameters": parameters,
        "requestContext": context,
        **body_fields(request.body),
    }


def _answer(answer: dict[str, Any]) -> HttpAnswer:
    try:
        status = int(answer["statusCode"])
        if not 200 <= status <= 599:
            raise ValueError("statusCode")
        headers = {str(name): str(value) for name, value in (answer.get("headers") or {}).items()}
        text = answer.get("body") or ""
        body = base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()
        return HttpAnswer(status, headers, body)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        reason = type(error).__name__  # its text might quote the answer
        raise InternalError(f"the function's answer has not the form of payload 2.0: {reason}") from None
