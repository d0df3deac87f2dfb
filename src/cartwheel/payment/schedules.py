"""Time in: asks the provider about payments it has not decided, and fetches what it wants to tell."""

import time
from contextlib import suppress
from typing import Final

from cartwheel.kernel import schedule, telemetry
from cartwheel.kernel.clock import now
from cartwheel.kernel.environment import Environment
from cartwheel.kernel.errors import NotFound
from cartwheel.kernel.events import Cause
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.traces import described
from cartwheel.kernel.unit_of_work import run

from . import service, store
from .model import Payment
from .provider import Outcome, PaymentProvider, Pending, ProviderError, key_of, order_of
from .providers import provider

AT_ONCE: Final = 25  # of each shard
BUDGET: Final = 8.0  # seconds after which no further call is begun; each may take 20, the function has 30


def ask_and_listen(environment: Environment) -> int:
    """Answers how many outcomes were heard; what does not fit into this run waits for the next."""
    heard = 0
    asked = provider(environment)
    until = time.monotonic() + BUDGET
    for payment in store.due(environment.store, now(), AT_ONCE):
        if time.monotonic() > until:
            return heard
        _settle(environment, payment.order_id, _ask(asked, payment))
        heard += 1
    for callback in asked.callbacks():
        # A charge we have no record of yet: whoever made the call is still at it, and will be told the same.
        with suppress(NotFound):
            _settle(environment, order_of(callback.key), callback.decision)
        heard += 1
    return heard


def _ask(asked: PaymentProvider, payment: Payment) -> Outcome:
    try:
        return asked.status(key_of(payment.order_id))
    except ProviderError as error:
        # Ask again later, as about any undecided payment, so that a sick one never blocks the others behind it.
        telemetry.error("the provider did not tell", orderId=payment.order_id, error=described(error))
        return Pending(payment.reference or "")


def _settle(environment: Environment, order_id: str, outcome: Outcome) -> None:
    cause = Cause(new_id(), new_id())
    run(environment.store, store.TABLE, cause, lambda unit: service.settle(unit, order_id, outcome))


callbacks = schedule.handler(ask_and_listen)
