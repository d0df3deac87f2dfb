"""Time in: the function behind a schedule. It runs again soon, so it does a bounded piece of work each time."""

import time
from collections.abc import Callable
from typing import Any

from . import telemetry, tracing
from .environment import Environment, environment


def handler(work: Callable[[Environment], int]) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The function Lambda calls; `work` answers how many things it dealt with."""

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        telemetry.begin(environment().function, context.aws_request_id)
        span, began = tracing.begin(), time.perf_counter()
        count = work(environment())
        if count:
            milliseconds = round((time.perf_counter() - began) * 1000, 1)
            telemetry.info("schedule did work", count=count, milliseconds=milliseconds, **tracing.ids(span))
        return {"count": count}

    return handle
