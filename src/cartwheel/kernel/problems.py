"""Every failure of a request as a problem (RFC 9457): what Powertools, pydantic and our own code raise."""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
)

from . import telemetry
from .errors import PROBLEM_JSON, FieldError, InternalError, Invalid, NotFound, Problem, UnsupportedMediaType
from .store import InvalidCursor


def answer_failures(app: APIGatewayHttpResolver) -> None:
    """Whatever a route raises, its caller hears a problem and never a stack trace."""
    app.exception_handler(Problem)(_problem)
    app.exception_handler(NotFoundError)(lambda _: _problem(NotFound("No route answers here; see /openapi.json.")))
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(RequestUnsupportedContentType)(_unsupported)
    app.exception_handler(UnicodeDecodeError)(_not_text)
    app.exception_handler(InvalidCursor)(_invalid_cursor)
    app.exception_handler(Exception)(_unexpected)


def _problem(error: Problem) -> Response[str]:
    return Response(error.status, PROBLEM_JSON, error.body(), error.headers)


def _invalid(error: RequestValidationError) -> Response[str]:
    errors = [_field_error(found) for found in error.errors()]
    if any(found["type"] == "json_invalid" for found in error.errors()):
        return _problem(Problem("The body is not JSON.", errors))
    return _problem(Invalid("; ".join(f"{found.field}: {found.reason}" for found in errors)[:1000], errors))


def _field_error(found: dict[str, Any]) -> FieldError:
    reason = found.get("ctx", {}).get("error", found["msg"]) if found["type"] == "json_invalid" else found["msg"]
    return FieldError(field=".".join(map(str, found["loc"])), reason=str(reason).removeprefix("Value error, "))


def _unsupported(_: RequestUnsupportedContentType) -> Response[str]:
    return _problem(UnsupportedMediaType("Send the body as application/json."))


def _not_text(_: UnicodeDecodeError) -> Response[str]:
    return _problem(Problem("The body is not text in UTF-8.", [FieldError(field="body", reason="not UTF-8")]))


def _invalid_cursor(_: InvalidCursor) -> Response[str]:
    wrong = FieldError(field="query.cursor", reason="not a cursor of this list")
    return _problem(Invalid("query.cursor: use the `next` of an earlier page, unchanged.", [wrong]))


def _unexpected(error: Exception) -> Response[str]:
    telemetry.error("unexpected error", error=type(error).__name__)
    return _problem(InternalError("The error was logged; try again, with the same Idempotency-Key if you sent one."))
