"""Notes what is to be measured where it arises, in the host's own process; every few seconds the notes are added up.

Nothing here waits, writes or reckons: what counts a request must not cost the request anything.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from cartwheel.kernel.metrics import Recorded

from .figures import Key
from .tally import Tally

MOST: Final = 100_000  # notes: while nothing can be stored, as on a disk that hangs, the oldest are let go

Note = tuple[float, Callable[..., None], tuple[Any, ...]]  # when it was, and what is to be added up of it


@dataclass
class Collector:
    """To be used by one thread."""

    clock: Callable[[], float] = time.time
    _notes: deque[Note] = field(default_factory=partial(deque, maxlen=MOST))

    def add(self, metric: Key, value: float = 1.0) -> None:
        """A value of any metric."""
        self._note(Tally.add, metric, value)

    def invoked(self, function: str, seconds: float, failed: bool, recorded: Recorded) -> None:
        """An invocation has ended, in which the function recorded this."""
        self._note(Tally.invoked, function, seconds, failed, recorded)

    def throttled(self, function: str) -> None:
        """An invocation was refused, since the function has no environment to spare."""
        self._note(Tally.throttled, function)

    def answered(self, status: int, seconds: float) -> None:
        """The API has answered a request."""
        self._note(Tally.answered, status, seconds)

    def _note(self, what: Callable[..., None], *facts: Any) -> None:
        self._notes.append((self.clock(), what, facts))

    def drain(self) -> Iterable[Note]:
        """What was noted since the last time."""
        notes, self._notes = self._notes, deque(maxlen=MOST)
        return notes


def tally(notes: Iterable[Note]) -> Tally:
    """The notes added up; by any thread."""
    sums = Tally()
    for moment, what, facts in notes:
        what(sums, moment, *facts)
    return sums
