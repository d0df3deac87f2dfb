"""Which of many intervals hold a number, without asking each of them."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TypeAlias

from .terms import Number

Interval: TypeAlias = tuple[Number, Number, int]
"""The two ends, both taken to belong to it, and the number it is known by."""


class IntervalTree:
    """Intervals split around a centre: those left of it, those right of it, and those across it.

    The ones across are sorted by each end, so that a look-up reads only those it returns.
    """

    __slots__ = ("_by_high", "_by_low", "_centre", "_highs", "_left", "_lows", "_right")

    def __init__(self, intervals: Sequence[Interval]) -> None:
        ends = sorted([low for low, _, _ in intervals] + [high for _, high, _ in intervals])
        # The median of the ends leaves at most half of them on either side.
        self._centre = centre = ends[len(ends) // 2]
        across = [each for each in intervals if each[0] <= centre <= each[1]]
        lows = sorted((low, known) for low, _, known in across)
        highs = sorted((high, known) for _, high, known in across)
        self._lows, self._by_low = [low for low, _ in lows], [known for _, known in lows]
        self._highs, self._by_high = [high for high, _ in highs], [known for _, known in highs]
        self._left = _tree([each for each in intervals if each[1] < centre])
        self._right = _tree([each for each in intervals if each[0] > centre])

    def holding(self, value: Number) -> list[int]:
        """The numbers of the intervals that hold the value, in no order."""
        found: list[int] = []
        node: IntervalTree | None = self
        while node is not None:
            if value < node._centre:
                found += node._by_low[: bisect_right(node._lows, value)]
                node = node._left
            else:
                found += node._by_high[bisect_left(node._highs, value) :]
                node = node._right
        return found


def _tree(intervals: list[Interval]) -> IntervalTree | None:
    return IntervalTree(intervals) if intervals else None
