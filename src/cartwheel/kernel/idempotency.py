"""Idempotency of HTTP commands: one `Idempotency-Key`, one effect, one answer.

The record of the answer is stored in the transaction of the effect. So there is no "in progress" to get stuck in, and
only success is remembered. A concurrent twin does the work too, but cannot commit it; it answers what the first stored:

    first   read ── work ── commit(effect + record) ── answer
    twin       read ── work ────── commit fails ── read record ── same answer
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from .clock import epoch, now
from .conditions import AnyOf, Below, NotExists
from .errors import Invalid, Problem
from .events import Cause
from .store import EXPIRES, Key, Put, Store
from .unit_of_work import UnitOfWork, run

REMEMBERED: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that can be stored and given again."""

    status: int
    body: str
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """A caller's key, and a digest of the request it belongs to. `caller` is empty for a guest."""

    caller: str
    key: str
    fingerprint: str

    @classmethod
    def of(cls, caller: str, key: str, *request: str) -> "Claim":
        return cls(caller, key, hashlib.sha256("\x00".join(request).encode()).hexdigest())

    def record_key(self) -> Key:
        # Two texts, so that no caller can spell another one's record.
        return Key(f"IDEMPOTENCY#{self.key}", f"IDEMPOTENCY#{self.caller}")


def _recorded(store: Store, table: str, claim: Claim) -> Answer | None:
    item = store.get(table, claim.record_key())
    if item is None:
        return None
    if item["fingerprint"] != claim.fingerprint:
        raise Invalid("This Idempotency-Key was used for another request; use a new key for a new request.")
    return Answer(item["status"], item["body"], replayed=True)


def _record(table: str, claim: Claim, answer: Answer) -> Put:
    key = claim.record_key()
    moment = now()
    item = {
        "PK": key.pk,
        "SK": key.sk,
        "fingerprint": claim.fingerprint,
        "status": answer.status,
        "body": answer.body,
        EXPIRES: epoch(moment + REMEMBERED),
    }
    return Put(table, item, AnyOf((NotExists(), Below(EXPIRES, epoch(moment) + 1))))  # expired, as `get` sees it


def execute(
    store: Store, table: str, cause: Cause, claim: Claim | None, work: Callable[[UnitOfWork], Answer]
) -> Answer:
    """Run a command once for its claim; without a claim, just run it."""
    if claim is None:
        answer = run(store, table, cause, work)
        assert answer is not None  # only a mark makes `run` answer None
        return answer
    recorded = _recorded(store, table, claim)
    if recorded:
        return recorded
    try:
        answer = run(store, table, cause, work, lambda done: _record(table, claim, done))
    except Problem:
        # The twin may have finished first and made this one fail: then its answer is ours.
        answer = _recorded(store, table, claim)
        if answer is None:
            raise
    return answer or _replay(store, table, claim)


def _replay(store: Store, table: str, claim: Claim) -> Answer:
    recorded = _recorded(store, table, claim)
    assert recorded is not None  # its existence is why the commit failed
    return recorded
