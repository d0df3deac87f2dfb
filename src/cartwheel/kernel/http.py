"""HTTP in: one resolver per slice, with the same errors, roles and idempotency on every route.

A route's role is one fact, its OpenAPI `security`; the gateway, the documentation and the check here all read it.
"""

import re
import time
from collections.abc import Callable
from typing import Any, Final, Literal

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.event_handler.middlewares.openapi_validation import OpenAPIRequestValidationMiddleware
from aws_lambda_powertools.event_handler.types import EventHandlerInstance
from pydantic import BaseModel

from . import json, telemetry, tracing
from .caller import Caller
from .clock import of_epoch
from .environment import environment
from .errors import PROBLEM_JSON, Forbidden, Invalid, ProblemDocument, Unauthorised
from .events import Cause
from .idempotency import Answer, Claim, execute
from .ids import is_id
from .problems import answer_failures
from .router import BODY_LIMIT, SCHEME
from .staff import Act
from .unit_of_work import UnitOfWork, run
from .witness import witnessed

JSON: Final = "application/json"
IDEMPOTENCY_KEY: Final = re.compile("[!-~]{1,255}")
Role = Literal["open", "customer", "staff", "admin"]  # who may do more, may do what those before may
PERSONAL: Final = "x-cartwheel-personal"
READS_PERSONAL: Final = {PERSONAL: True}  # the `openapi_extensions` of a route: staff who read it are told of


def route(summary: str, answers: type[BaseModel] | None, *, status: int = 200, role: Role = "open") -> dict[str, Any]:
    """The keyword arguments that document a route: what it does, what it answers, who may call it."""
    content = {"content": {JSON: {"model": answers}}} if answers else {}
    return {
        "summary": summary,
        "status_code": status,
        "responses": {
            status: {"description": "Done", **content},
            422: {"description": "Not valid", "content": {PROBLEM_JSON: {"model": ProblemDocument}}},
        },
        "security": [] if role == "open" else [{SCHEME: [role]}],
    }


def api(slice_name: str) -> APIGatewayHttpResolver:
    """The resolver of a slice. It answers every failure with a problem, and lets only the route's role in."""
    app = APIGatewayHttpResolver(enable_validation=True, json_body_deserializer=json.parse)
    app.context_of_slice = slice_name  # type: ignore[attr-defined]
    app._request_validation_middleware = _Admission()  # type: ignore[no-untyped-call]
    app.use([_tell_reading])
    answer_failures(app)
    return app


def handler(app: APIGatewayHttpResolver) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The function Lambda calls. Its `body_limits` are those of the routes that have one of their own, in bytes."""

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        telemetry.begin(environment().function, context.aws_request_id)
        span = tracing.begin(event["headers"].get("traceparent"), event["headers"].get("tracestate"))
        telemetry.follow(_cause(event))
        _take_no_forms(event["headers"])
        began = time.perf_counter()
        answer = app.resolve(event, context)
        milliseconds = round((time.perf_counter() - began) * 1000, 1)
        facts = {**_asked(event), **_received(event), **tracing.ids(span), **_who(Caller.of(event))}
        telemetry.info("answered", status=answer["statusCode"], milliseconds=milliseconds, **facts)
        return answer

    handle.body_limits = {  # type: ignore[attr-defined]
        f"{route.method} {route.openapi_path}": declared[BODY_LIMIT]
        for route in app._static_routes + app._dynamic_routes
        if BODY_LIMIT in (declared := route.openapi_extensions or {})
    }
    return handle


def _asked(event: dict[str, Any]) -> dict[str, str]:
    """For the log. Not the path: callers may write anything there, and a guest's basket answers to who knows its id.

    But an order that is asked for by its id has that in its story.
    """
    order_id = (event.get("pathParameters") or {}).get("order_id", "")
    return {"route": event["routeKey"], **({"askedFor": order_id} if is_id(order_id) else {})}


def _who(caller: Caller) -> dict[str, str]:
    """For the log: the token's subject, which is no name; where it is an address, it stays out of it."""
    if caller.subject is None:
        return {}
    return {"by": telemetry.nameless(caller.subject), "role": "staff" if caller.is_staff else "customer"}


def _received(event: dict[str, Any]) -> dict[str, str]:
    """When the gateway had the request, which then waits for an environment."""
    received = event["requestContext"].get("timeEpoch")
    return {"receivedAt": of_epoch(received)} if received else {}


def _take_no_forms(headers: dict[str, str]) -> None:
    """No route takes a form, but `curl -d` says it sends one unless told otherwise: read its body as JSON."""
    content_type = headers.get("content-type", "").lower()
    if content_type.startswith("application/x-www-form-urlencoded"):
        headers["content-type"] = JSON
    elif content_type.startswith("multipart/"):
        headers["content-type"] = (
            "multipart/mixed"  # refused like any other type; of multipart/form-data parts are read
        )


def caller(app: APIGatewayHttpResolver) -> Caller:
    """Who calls, as the gateway verified it."""
    return Caller.of(app.current_event.raw_event)


def answer(body: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Response[str]:
    """An answer with a JSON body."""
    return Response(status, JSON, body.model_dump_json(by_alias=True, exclude_none=True), headers)


def page(body: BaseModel) -> Response[str]:
    """An answer that is a page of a list: `next` is there, as null, after the last one."""
    return Response(200, JSON, body.model_dump_json(by_alias=True))


def command(
    app: APIGatewayHttpResolver,
    work: Callable[[UnitOfWork], BaseModel | None],
    status: int = 200,
    claim: Claim | None = None,
) -> Response[str]:
    """Run a use case in one transaction, and answer with what it returns: once per `Idempotency-Key`, or per `claim`
    where the request itself says what must not happen twice.
    """
    event = app.current_event.raw_event
    if caller(app).is_staff:
        work = witnessed(_act(app), work)
    done = execute(
        environment().store,
        app.context_of_slice,  # type: ignore[attr-defined]
        _cause(event),
        claim or _claim(event),
        lambda unit: _answered(work(unit), status),
    )
    headers = {"Idempotency-Replayed": "true"} if done.replayed else {}
    return Response(done.status, JSON if done.body else None, done.body, headers)


def _answered(result: BaseModel | None, status: int) -> Answer:
    return Answer(status, result.model_dump_json(by_alias=True, exclude_none=True) if result else "")


def _claim(event: dict[str, Any]) -> Claim | None:
    key = event["headers"].get("idempotency-key")
    if key is None:
        return None
    if not IDEMPOTENCY_KEY.fullmatch(key):
        raise Invalid("Idempotency-Key must have 1 to 255 visible ASCII characters; a UUID is a good one.")
    http = event["requestContext"]["http"]
    who = Caller.of(event).subject or ""
    return Claim.of(who, key, http["method"], event["rawPath"], event["rawQueryString"], event.get("body") or "")


def _cause(event: dict[str, Any]) -> Cause:
    """The request as the cause of what it does. It begins a story of its own, unless the caller names one."""
    headers = event["headers"]
    request_id = event["requestContext"]["requestId"]
    given = headers.get("x-correlation-id", "")
    named = 8 <= len(given) <= 64 and given.isascii() and given.isprintable()
    return Cause(given if named else request_id, request_id)


class _Admission(OpenAPIRequestValidationMiddleware):
    """The role, then the request's validation: what Powertools adds by `use` comes after that, and a caller who may not
    do a thing would hear what it takes.
    """

    def handler(self, app: EventHandlerInstance, next_middleware: NextMiddleware) -> Response[str]:
        for requirement in app.context["_route"].security or []:
            _require(Caller.of(app.current_event.raw_event), requirement[SCHEME])
        return super().handler(app, next_middleware)


def _require(who: Caller, roles: list[str]) -> None:
    if who.subject is None:
        raise Unauthorised("Send a token: Authorization: Bearer <token>.", headers={"WWW-Authenticate": "Bearer"})
    if "staff" in roles and not who.is_staff:
        raise Forbidden("Only staff may do this.")
    if "admin" in roles and not who.is_admin:
        raise Forbidden("Only an admin may do this.")


def _tell_reading(app: APIGatewayHttpResolver, proceed: Callable[..., Response[str]]) -> Response[str]:
    """Staff who read what is personal are told of, before they have read it."""
    answered = proceed(app)  # what is refused is raised, and told to nobody
    personal = (app.context["_route"].openapi_extensions or {}).get(PERSONAL)
    if personal and caller(app).is_staff:
        event = app.current_event.raw_event
        slice_name: str = app.context_of_slice  # type: ignore[attr-defined]
        run(environment().store, slice_name, _cause(event), lambda unit: unit.emit(_act(app).told()))
    return answered


def _act(app: APIGatewayHttpResolver) -> Act:
    """The request as one of staff."""
    event, matched = app.current_event.raw_event, app.context["_route"]
    place = matched.rule.match(app.current_event.path)
    parameters = (event.get("queryStringParameters") or {}) | (place.groupdict() if place else {})
    key = f"{matched.method} {matched.openapi_path}"
    return Act(caller(app), key, parameters, event["requestContext"]["requestId"])
