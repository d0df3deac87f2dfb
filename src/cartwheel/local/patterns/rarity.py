"""Which of the ways to find an entry finds the fewest others."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from .anchors import Anchor, Kind, Option
from .terms import Number

FEW_ANCHORS = 3
"""In a bucket a field is used only if it has few anchors: each files the entry once more."""


class Entry(NamedTuple):
    """What is to be found, and the ways to find it."""

    number: int
    options: tuple[Option, ...]


class Rarity:
    """Counts over the entries of an index, or of one bucket once the paths used so far are set aside."""

    def __init__(self, entries: Sequence[Entry], used: frozenset[str]) -> None:
        self._used = used
        self._half = len(entries) / 2
        self._counts: Counter[tuple[str, Anchor]] = Counter()
        self._lows: defaultdict[str, list[Number]] = defaultdict(list)
        self._highs: defaultdict[str, list[Number]] = defaultdict(list)
        for entry in entries:
            for option in entry.options:
                self._count(option)
        for ends in (*self._lows.values(), *self._highs.values()):
            ends.sort()

    def rarest(self, entry: Entry) -> Option | None:
        """The option to file the entry under, or ``None`` if none is worth a look-up."""
        usable = [option for option in entry.options if option.path not in self._used]
        if self._used:
            usable = [option for option in usable if self._splits(option)]
        return min(usable, key=self._cost, default=None)

    def _count(self, option: Option) -> None:
        if option.path in self._used:
            return
        for anchor in option.anchors:
            self._counts[option.path, anchor] += 1
            if anchor.kind is Kind.RANGE and isinstance(anchor.key, tuple):
                self._lows[option.path].append(anchor.key[0])
                self._highs[option.path].append(anchor.key[1])

    def _splits(self, option: Option) -> bool:
        """Whether it tells the entries of a bucket apart, as presence hardly does."""
        if len(option.anchors) > FEW_ANCHORS or option.anchors[0].kind is Kind.PRESENT:
            return False
        return all(self._found_with(option.path, anchor) <= self._half for anchor in option.anchors)

    def _cost(self, option: Option) -> float:
        return sum(anchor.kind.value * self._found_with(option.path, anchor) for anchor in option.anchors)

    def _found_with(self, path: str, anchor: Anchor) -> int:
        """How many entries a value that meets this anchor finds."""
        if anchor.kind is not Kind.RANGE or not isinstance(anchor.key, tuple):
            return self._counts[path, anchor]
        low, high = anchor.key
        lows, highs = self._lows[path], self._highs[path]
        # Those that overlap are all but the ones wholly above and the ones wholly below.
        return bisect_right(lows, high) - bisect_left(highs, low)
