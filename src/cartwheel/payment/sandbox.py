"""The built-in test provider: a stand-in for an outside system, so it has a durable memory of its own.

It keeps one row per charge, `PROVIDER#<key>`, in transactions of its own: what it holds does not depend on whether
its caller lived long enough to record the answer. What it does is up to the token, see `sandbox_charge.TOKENS`; no
token is `tok_approve`.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.conditions import Equals, NotExists
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.store import ConditionFailed, Key, Put, Query, Store

from .provider import Callback, Outcome, Pending, ProviderRefused, ProviderTimeout
from .sandbox_charge import TOKENS, UNKNOWN, Charge, ChargeState

TABLE: Final = "payment"
CALLBACKS: Final = "CALLBACKS"


class SandboxProvider:
    """See the module's text; the port is `provider.PaymentProvider`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def authorise(self, key: str, amount: int, currency: str, token: str | None) -> Outcome:
        if self._read(key):
            return self.status(key)
        behaviour = TOKENS.get(token or "tok_approve", UNKNOWN)
        time.sleep(behaviour.delay.total_seconds())
        if not behaviour.charged:
            raise ProviderTimeout("the test provider did not answer in time; it charged nothing")
        fresh = Charge.opened(key, _reference(), amount, currency, behaviour, now())
        charge = self._change(key, lambda charge: charge or fresh)
        if not behaviour.answered:
            raise ProviderTimeout("the test provider did not answer in time; it may have charged")
        return charge.outcome()

    def capture(self, key: str) -> None:
        self._change(key, lambda charge: _known(charge).captured())

    def void(self, key: str) -> None:
        unknown = Charge(key=key, state=ChargeState.VOIDED, reference=_reference())
        self._change(key, lambda charge: charge.voided() if charge else unknown)

    def refund(self, key: str) -> None:
        self._change(key, lambda charge: _known(charge).refunded())

    def status(self, key: str) -> Outcome:
        return self._change(key, lambda charge: _known(charge).decided(now())).outcome()

    def callbacks(self) -> Iterator[Callback]:
        due = Query(TABLE, CALLBACKS, index="by-due", between=("0", timestamp(now()) + "~"), limit=25)
        for item in self._store.query(due).items:
            charge = Charge.model_validate(item)
            outcome = charge.outcome()
            if not isinstance(outcome, Pending):
                yield Callback(charge.key, outcome)
            self._change(charge.key, lambda charge: _known(charge).told(now()))

    def _change(self, key: str, change: Callable[[Charge | None], Charge]) -> Charge:
        """Apply the change to the charge as it is now, however many others change it too."""
        while True:
            before = self._read(key)
            after = change(before)
            if after == before:
                return after
            with suppress(ConditionFailed):
                self._store.transact([_put(before, after)])
                return after

    def _read(self, key: str) -> Charge | None:
        item = self._store.get(TABLE, _row_key(key))
        return Charge.model_validate(item) if item else None


def _known(charge: Charge | None) -> Charge:
    if charge is None:
        raise ProviderRefused("the provider knows no such charge")
    return charge


def _put(before: Charge | None, after: Charge) -> Put:
    key = _row_key(after.key)
    item = {"PK": key.pk, "SK": key.sk, **after.model_dump(mode="json", by_alias=True, exclude_none=True)}
    if after.callback_at:
        item |= {"dueShard": CALLBACKS, "dueKey": f"{after.callback_at}#{after.key}"}
    return Put(TABLE, item, Equals("version", before.version) if before else NotExists())


def _row_key(key: str) -> Key:
    return Key(f"PROVIDER#{key}", f"PROVIDER#{key}")


def _reference() -> str:
    return f"sandbox-{new_id()}"
