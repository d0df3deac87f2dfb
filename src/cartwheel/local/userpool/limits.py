"""Limits on guessing, before anything is hashed or looked up, in bounded memory: the longest unused is forgotten."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from cartwheel.local.visitor import network_of

from .errors import BUSY, DENIED, Refused, too_often

SIZE: Final = 10_000  # keys that each limit remembers
FREE_FAILURES: Final = 5
FIRST_LOCK: Final = 1.0  # second; doubled at each further failure
LONGEST_LOCK: Final = 900.0
CALM: Final = 86400.0  # seconds without a failure, after which earlier ones are forgiven

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """The values of the keys that were used last. Keys are kept as hashes: short, and no personal data."""

    def __init__(self, size: int = SIZE) -> None:
        self._size = size
        self._values: OrderedDict[int, Value] = OrderedDict()

    def get(self, key: str, default: Value) -> Value:
        return self._values.get(hash(key), default)

    def put(self, key: str, value: Value) -> None:
        self._values[hash(key)] = value
        self._values.move_to_end(hash(key))
        if len(self._values) > self._size:
            self._values.popitem(last=False)

    def drop(self, key: str) -> None:
        self._values.pop(hash(key), None)

    def __len__(self) -> int:
        return len(self._values)


@dataclass
class Buckets:
    """Token buckets: `burst` at once, then one more every `interval` seconds."""

    burst: int
    interval: float
    clock: Callable[[], float] = time.monotonic
    seen: Recent[tuple[float, float]] = field(default_factory=Recent)

    def take(self, key: str) -> bool:
        """Whether there was one left."""
        left = self._left(key)
        self.seen.put(key, (max(0.0, left - 1) if left >= 1 else left, self.clock()))
        return left >= 1

    def give_back(self, key: str) -> None:
        self.seen.put(key, (self._left(key) + 1, self.clock()))

    def _left(self, key: str) -> float:
        left, since = self.seen.get(key, (float(self.burst), self.clock()))
        return min(self.burst, left + (self.clock() - since) / self.interval)


@dataclass
class Lockouts:
    """After five failures a name is locked: one second, then twice as long each time, up to 15 minutes."""

    clock: Callable[[], float] = time.monotonic
    seen: Recent[tuple[int, float, float]] = field(default_factory=Recent)

    def attempt(self, key: str) -> None:
        """Counts as failed until it has succeeded, so that many at once are no way around. Raises Refused."""
        now = self.clock()
        failures, until, last = self.seen.get(key, (0, 0.0, now))
        if now < until:
            raise Refused(DENIED, "Password attempts exceeded")
        failures = 1 if now - last > CALM else failures + 1
        lock = min(LONGEST_LOCK, FIRST_LOCK * 2.0 ** min(failures - FREE_FAILURES, 20))
        self.seen.put(key, (failures, now + lock if failures >= FREE_FAILURES else 0.0, now))

    def succeeded(self, key: str) -> None:
        self.seen.drop(key)


@dataclass
class Limits:
    """All of them. What has succeeded is given back, so they bind those who fail."""

    clients: Buckets = field(default_factory=lambda: Buckets(60, 1.0))
    mails: Buckets = field(default_factory=lambda: Buckets(5, 600.0))
    guesses: Buckets = field(default_factory=lambda: Buckets(10, 60.0))
    lockouts: Lockouts = field(default_factory=Lockouts)

    def client(self, address: str) -> None:
        """Raises Refused."""
        if not self.clients.take(network_of(address)):
            raise Refused(BUSY, "Too many requests from this address; try again in a minute.")

    def client_succeeded(self, address: str) -> None:
        self.clients.give_back(network_of(address))

    def mail(self, name: str) -> None:
        """Raises Refused: one name is sent only so many mails."""
        if not self.mails.take(name):
            raise too_often()

    def guess(self, name: str) -> None:
        """Raises Refused: of one name only so many codes can be tried."""
        if not self.guesses.take(name):
            raise too_often()
