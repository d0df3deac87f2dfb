"""How often one client may ask: a token bucket for each, in bounded memory."""

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from .errors import TooManyRequests

Pace = Literal["reading", "writing", "sign-in"]

MOST_CLIENTS: Final = (
    20_000  # about 5 MB; whoever has not asked for longest is forgotten, and begins with a full bucket
)
ROUNDING: Final = 1e-9  # seconds


@dataclass(frozen=True)
class Rate:
    """How many requests `per_second` for long, and how many at once after a pause."""

    per_second: float
    burst: int


@dataclass
class Throttle:
    """`clock` tells seconds that never go back.

    Of a bucket only the moment is kept at which it will be full again. Each request moves that by `1 / per_second`, and
    is refused where it would lie more than `burst / per_second` ahead: it holds `burst` tokens, without counting them.
    """

    rates: Mapping[Pace, Rate]
    clock: Callable[[], float]
    most: int = MOST_CLIENTS
    _full_at: OrderedDict[tuple[str, Pace], float] = field(default_factory=OrderedDict)

    def admit(self, client: str, pace: Pace) -> None:
        """Take one token of the client's. Raises TooManyRequests, which costs it nothing more."""
        rate, now, key = self.rates[pace], self.clock(), (client, pace)
        before = self._full_at.pop(key, now)
        full_at = max(before, now) + 1 / rate.per_second
        wait = full_at - now - rate.burst / rate.per_second
        self._full_at[key] = (
            before if wait > ROUNDING else full_at
        )  # at the end: who asks, however often, is not silent
        if len(self._full_at) > self.most:
            self._full_at.popitem(last=False)
        if wait > ROUNDING:
            raise TooManyRequests(f"More than {rate.per_second:g} requests a second; slow down.", math.ceil(wait))
