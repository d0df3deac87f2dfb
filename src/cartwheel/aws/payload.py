"""API Gateway's requests and answers (payload 2.0), made equal to those of the embedded host."""

import base64
from typing import Any, Final

from cartwheel.kernel.answer_headers import SECURITY, TLS_ONLY
from cartwheel.kernel.errors import PROBLEM_JSON, Problem
from cartwheel.kernel.payload import body_fields, query_parameters
from cartwheel.kernel.request_limits import check_head

Event = dict[str, Any]
Answer = dict[str, Any]

DEFAULT_STAGE: Final = "$default"


def request(event: Event) -> Event:
    """The event as slices know it: all keys are there, header names in lower case, a stage is not part of the path.

    API Gateway leaves out what is empty, takes the cookies out of the headers, and encodes every body whose content
    type it does not know as text's. The path has been percent-decoded by it. Raises a Problem for a head that is too
    large.
    """
    check_head(event["rawPath"], event.get("rawQueryString", ""), (event.get("headers") or {}).values())
    context = {**event["requestContext"], "stage": DEFAULT_STAGE}
    body = event.get("body") or ""
    path = _without_stage(event["rawPath"], event["requestContext"].get("stage", DEFAULT_STAGE))
    return {
        **event,
        "rawPath": path,
        "rawQueryString": event.get("rawQueryString", ""),
        "headers": _headers(event),
        "queryStringParameters": query_parameters(event.get("rawQueryString", "")),
        "pathParameters": event.get("pathParameters") or {},
        "requestContext": context | {"http": context["http"] | {"path": path}},
        **body_fields(base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()),
    }


def _without_stage(path: str, stage: str) -> str:
    prefix = f"/{stage}"
    if stage != DEFAULT_STAGE and (path == prefix or path.startswith(f"{prefix}/")):
        return path.removeprefix(prefix) or "/"
    return path


def _headers(event: Event) -> dict[str, str]:
    headers: dict[str, str] = {}
    for given, value in (event.get("headers") or {}).items():
        name = given.lower()
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    if event.get("cookies"):
        headers["cookie"] = "; ".join(event["cookies"])
    return headers


def problem(refused: Problem) -> Answer:
    return {
        "statusCode": refused.status,
        "headers": {"Content-Type": PROBLEM_JSON, **refused.headers},
        "body": refused.body(),
        "isBase64Encoded": False,
    }


def signed(answer: Answer, event: Event) -> Answer:
    """With the request's id, by which its lines are found in the log, and what every answer has but its own."""
    own = answer.get("headers") or {}
    return answer | {"headers": {**SECURITY, **TLS_ONLY, **own, "X-Request-Id": event["requestContext"]["requestId"]}}
