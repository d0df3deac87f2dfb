"""Every call of the provider leaves a line in the log: which, for which order, what came of it, how long it took."""

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from cartwheel.kernel import telemetry, tracing
from cartwheel.kernel.metrics import record

from .metrics import PROVIDER_FAILURES, PROVIDER_LATENCY
from .provider import Callback, Outcome, PaymentProvider, ProviderError, order_of

Answer = TypeVar("Answer")


class Watched:
    """A provider, and a line for each call. Neither the payer's token nor what the provider says of it is in it."""

    def __init__(self, watched: PaymentProvider) -> None:
        self._watched = watched

    def authorise(self, key: str, amount: int, currency: str, token: str | None) -> Outcome:
        return _logged("authorise", key, lambda: self._watched.authorise(key, amount, currency, token))

    def capture(self, key: str) -> None:
        _logged("capture", key, lambda: self._watched.capture(key))

    def void(self, key: str) -> None:
        _logged("void", key, lambda: self._watched.void(key))

    def refund(self, key: str) -> None:
        _logged("refund", key, lambda: self._watched.refund(key))

    def status(self, key: str) -> Outcome:
        return _logged("status", key, lambda: self._watched.status(key))

    def callbacks(self) -> Iterable[Callback]:
        """What it tells of its own accord."""
        for callback in self._watched.callbacks():
            _log("callback", callback.key, type(callback.decision).__name__.lower())
            yield callback


def _logged(operation: str, key: str, call: Callable[[], Answer]) -> Answer:
    began = time.perf_counter()
    outcome = "failed"
    with tracing.within() as span:
        try:
            answer = call()
            outcome = "done" if answer is None else type(answer).__name__.lower()
            return answer
        except Exception as error:
            record(PROVIDER_FAILURES)
            outcome = type(error).__name__ if isinstance(error, ProviderError) else outcome
            raise
        finally:
            milliseconds = round((time.perf_counter() - began) * 1000, 1)
            record(PROVIDER_LATENCY, milliseconds)
            _log(operation, key, outcome, milliseconds=milliseconds, **tracing.ids(span))


def _log(operation: str, key: str, outcome: str, **facts: float | str) -> None:
    telemetry.info("provider called", operation=operation, orderId=order_of(key), outcome=outcome, **facts)
