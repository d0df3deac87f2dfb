"""Called by the user pool, when somebody has confirmed their address."""

from typing import Any

from cartwheel.kernel import telemetry
from cartwheel.kernel.environment import environment
from cartwheel.kernel.events import Cause
from cartwheel.kernel.identity import POST_CONFIRMATION
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.unit_of_work import run

from . import service
from .store import TABLE


def registered(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answers the event, as the pool demands. Whoever only has a new password was confirmed long ago."""
    telemetry.begin(environment().function, context.aws_request_id)
    if event["triggerSource"] == POST_CONFIRMATION:
        attributes = event["request"]["userAttributes"]
        cause = Cause(context.aws_request_id, new_id())
        run(
            environment().store,
            TABLE,
            cause,
            lambda unit: service.register(unit, attributes["sub"], attributes.get("email")),
        )
    return event
