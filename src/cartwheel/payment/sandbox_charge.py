"""What the test provider remembers of a charge: what the tokens make of it, and how it may change. No I/O."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Self

from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.schema import Record

from .provider import Authorised, Declined, Outcome, Pending, ProviderRefused

LATE: Final = timedelta(seconds=3)
SLOW: Final = timedelta(seconds=5)
NO_MONEY: Final = "insufficient funds"
NO_TOKEN: Final = "unknown payment token; the test provider knows tok_approve and others"


class ChargeState(StrEnum):
    PENDING = "PENDING"
    HELD = "HELD"
    DECLINED = "DECLINED"
    VOIDED = "VOIDED"
    CAPTURED = "CAPTURED"
    REFUNDED = "REFUNDED"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the first authorise call with a token does, and what its caller hears of it."""

    state: ChargeState = ChargeState.HELD
    later: ChargeState | None = None  # what a pending charge becomes after LATE
    reason: str | None = None
    charged: bool = True  # a call that charges nothing times out
    answered: bool = True
    delay: timedelta = timedelta(0)
    callbacks: int = 0


TOKENS: Final = {
    "tok_approve": Behaviour(),
    "tok_decline": Behaviour(ChargeState.DECLINED, reason=NO_MONEY),
    "tok_timeout": Behaviour(charged=False),
    "tok_timeout_once": Behaviour(answered=False),
    "tok_late": Behaviour(ChargeState.PENDING, later=ChargeState.HELD),
    "tok_late_decline": Behaviour(ChargeState.PENDING, later=ChargeState.DECLINED, reason=NO_MONEY),
    "tok_twice": Behaviour(callbacks=2),
    "tok_slow": Behaviour(delay=SLOW),
}
UNKNOWN: Final = Behaviour(ChargeState.DECLINED, reason=NO_TOKEN)


class Charge(Record):
    """One key's charge; `later_at` while it is undecided, `callback_at` while it has callbacks to make."""

    key: str
    amount: int = 0
    currency: str | None = None
    state: ChargeState
    reference: str
    reason: str | None = None
    later: ChargeState | None = None
    later_at: str | None = None
    callbacks: int = 0
    callback_at: str | None = None
    version: int = 1

    @classmethod
    def opened(
        cls, key: str, reference: str, amount: int, currency: str, behaviour: Behaviour, moment: datetime
    ) -> Self:
        soon = timestamp(moment + LATE)
        return cls(
            key=key,
            amount=amount,
            currency=currency,
            state=behaviour.state,
            reference=reference,
            reason=behaviour.reason,
            later=behaviour.later,
            later_at=soon if behaviour.later else None,
            callbacks=behaviour.callbacks,
            callback_at=soon if behaviour.callbacks else None,
        )

    def captured(self) -> Self:
        if self.state is ChargeState.HELD:
            return self._become(state=ChargeState.CAPTURED)
        if self.state in (ChargeState.CAPTURED, ChargeState.REFUNDED):
            return self
        raise ProviderRefused("nothing is held that could be captured")

    def voided(self) -> Self:
        if self.state in (ChargeState.PENDING, ChargeState.HELD):
            return self._become(state=ChargeState.VOIDED, later=None, later_at=None)
        if self.state is ChargeState.CAPTURED:
            raise ProviderRefused("the charge was captured; refund it")
        return self

    def refunded(self) -> Self:
        if self.state is ChargeState.CAPTURED:
            return self._become(state=ChargeState.REFUNDED)
        if self.state is ChargeState.REFUNDED:
            return self
        raise ProviderRefused("nothing was captured that could be refunded")

    def decided(self, moment: datetime) -> Self:
        """The charge at the moment: a pending one is decided when its time has come."""
        if self.later and self.later_at and self.later_at <= timestamp(moment):
            return self._become(state=self.later, later=None, later_at=None)
        return self

    def told(self, moment: datetime) -> Self:
        """The charge after one of its callbacks."""
        left = self.callbacks - 1
        return self._become(callbacks=left, callback_at=timestamp(moment + LATE) if left else None)

    def outcome(self) -> Outcome:
        match self.state:
            case ChargeState.PENDING:
                return Pending(self.reference)
            case ChargeState.DECLINED:
                return Declined(self.reason or "")
            case ChargeState.VOIDED:
                return Declined("the charge was voided")
            case _:
                return Authorised(self.reference)

    def _become(self, **facts: Any) -> Self:
        return self.model_copy(update={**facts, "version": self.version + 1})
