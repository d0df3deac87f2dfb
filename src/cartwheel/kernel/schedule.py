"""Time in: the function behind a schedule. It runs again soon, so it does a bounded piece of work each time."""

from collections.abc import Callable
from typing import Any

from . import telemetry
from .environment import Environment, environment


def handler(work: Callable[[Environment], int]) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The function Lambda calls; `work` answers how many things it dealt with."""

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        telemetry.begin(environment().function, context.aws_request_id)
        count = work(environment())
        if count:
            telemetry.info("schedule did work", count=count)
        return {"count": count}

    return handle
