"""The cold start: what an execution environment does once, before its first invocation.

Lambda asks a module for its `handler`; it is made then and not at import, so that importing a module does nothing.
"""

import gc
import os
from collections.abc import Callable
from functools import cache
from typing import Any

from cartwheel.kernel.metric_lines import measured

from .deployment import Deployment

Handler = Callable[[dict[str, Any], Any], Any]


def at_cold_start(make: Callable[[Deployment], Handler]) -> Callable[[str], Handler]:
    """A module's `__getattr__`: its one attribute is `handler`, made for this deployment when first asked for."""
    made = cache(lambda: _ready(_measured(make, Deployment.read(os.environ))))

    def attribute(name: str) -> Handler:
        if name != "handler":
            raise AttributeError(f"the module of {make.__name__!r} has no attribute {name!r}")
        return made()

    return attribute


def _measured(make: Callable[[Deployment], Handler], deployment: Deployment) -> Handler:
    return measured(make(deployment), deployment.function, deployment.namespace)


def _ready(handler: Handler) -> Handler:
    """From now on garbage is collected, but not looked for among what the cold start made: that stays."""
    gc.freeze()
    gc.enable()
    return handler
