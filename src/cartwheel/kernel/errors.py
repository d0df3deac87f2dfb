"""Problems: what can go wrong for a caller, as RFC 9457 `application/problem+json`."""

from typing import ClassVar

from .schema import Record

PROBLEM_JSON = "application/problem+json"
TYPES = "https://cartwheel.example/problems/"


class FieldError(Record):
    """One thing wrong with one field; `field` is a path such as `body.lines.0.quantity`."""

    field: str
    reason: str


class ProblemDocument(Record):
    """The document a caller gets; `type` is stable and may be programmed against."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] | None = None


class Problem(Exception):
    """Base of every refusal. Subclasses fix status and type; the detail says what happened and what to do."""

    status: ClassVar[int] = 400
    kind: ClassVar[str] = "bad-request"
    title: ClassVar[str] = "The request cannot be understood"

    def __init__(self, detail: str, errors: list[FieldError] | None = None, headers: dict[str, str] | None = None):
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}

    def document(self) -> ProblemDocument:
        return ProblemDocument(
            type=TYPES + self.kind, title=self.title, status=self.status, detail=self.detail, errors=self.errors
        )

    def body(self) -> str:
        return self.document().model_dump_json(by_alias=True, exclude_none=True)


class Unauthorised(Problem):
    status, kind, title = 401, "unauthorised", "A valid token is needed"


class Forbidden(Problem):
    status, kind, title = 403, "forbidden", "The token does not allow this"


class NotFound(Problem):
    status, kind, title = 404, "not-found", "There is no such thing"


class MethodNotAllowed(Problem):
    status, kind, title = 405, "method-not-allowed", "The path does not take this method"


class RequestTimeout(Problem):
    status, kind, title = 408, "request-timeout", "The request did not arrive in time"


class Conflict(Problem):
    status, kind, title = 409, "conflict", "The state of the thing does not allow this"


class Erased(Problem):
    status, kind, title = 410, "erased", "The data of this person was erased"


class TooLarge(Problem):
    status, kind, title = 413, "too-large", "The request is too large"


class UriTooLong(Problem):
    status, kind, title = 414, "uri-too-long", "The URL is too long"


class UnsupportedMediaType(Problem):
    status, kind, title = 415, "unsupported-media-type", "The content type is not taken here"


class Invalid(Problem):
    status, kind, title = 422, "invalid", "The request is not valid"


class Misdirected(Problem):
    status, kind, title = 421, "misdirected", "The shop is not asked for by that name"


class TooManyRequests(Problem):
    status, kind, title = 429, "too-many-requests", "One client asks too often"

    def __init__(self, detail: str, retry_after: int = 1):
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class HeadersTooLarge(Problem):
    status, kind, title = 431, "headers-too-large", "The headers are too large"


class InternalError(Problem):
    status, kind, title = 500, "internal-error", "Something went wrong here"


class Busy(Problem):
    status, kind, title = 503, "busy", "The shop is busy"

    def __init__(self, detail: str, retry_after: int = 1):
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class TimedOut(Problem):
    status, kind, title = 504, "timed-out", "The answer took too long"
