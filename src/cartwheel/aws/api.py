"""HTTP in on Lambda: a slice's API behind API Gateway.

Where a route needs a token, API Gateway has verified it. Where none is needed it does not look at one either; a token
that is sent all the same is verified here, so that its sender is known, or told that it is not valid.
"""

from typing import TYPE_CHECKING, Any

from cartwheel.kernel import telemetry
from cartwheel.kernel.errors import InternalError, Problem
from cartwheel.kernel.request_limits import BODY_BYTES, check_body

from . import payload
from .business import load
from .cold_start import Handler, at_cold_start
from .deployment import Deployment
from .payload import Answer, Event

if TYPE_CHECKING:
    from .tokens import Verifier


def make(deployment: Deployment) -> Handler:
    """Every failure becomes a problem document here; nothing is raised."""
    work = load(deployment)
    limits: dict[str, int] = getattr(work, "body_limits", {})
    gate = Gate(deployment.need("issuer"), deployment.need("audience"))

    def handle(event: Event, context: Any) -> Answer:
        telemetry.begin(deployment.function, context.aws_request_id)
        try:
            request = gate.admit(payload.request(event))
            check_body(len((request["body"] or "").encode()), limits.get(request["routeKey"], BODY_BYTES))
            answer: Answer = work(request, context)
        except Problem as refused:
            answer = payload.problem(refused)
        except Exception as error:  # noqa: BLE001 - whoever calls learns no more than that it failed
            telemetry.error("the function failed", error=type(error).__name__)
            answer = payload.problem(InternalError("The error was logged; try again."))
        return payload.signed(answer, event)

    return handle


class Gate:
    """Gives a request the claims of its token, where API Gateway has not done so."""

    def __init__(self, issuer: str, audience: str) -> None:
        self._issuer = issuer
        self._audience = audience
        self._verifier: Verifier | None = None

    def admit(self, event: Event) -> Event:
        """Raises Unauthorised, and Busy while the issuer's keys cannot be had."""
        context = event["requestContext"]
        scheme, _, token = event["headers"].get("authorization", "").partition(" ")
        if not context.get("authorizer") and scheme.lower() == "bearer":
            claims = self._verify(token.strip())
            context["authorizer"] = {"jwt": {"claims": claims, "scopes": None}}
        return event

    def _verify(self, token: str) -> dict[str, str]:
        if self._verifier is None:
            from .tokens import Verifier, key_url  # late: most callers of open routes send no token

            self._verifier = Verifier(self._issuer, self._audience, key_url(self._issuer))
        return self._verifier.verify(token)


__getattr__ = at_cold_start(make)
