"""What is kept of the values of a metric in a stretch of time: enough for sums, averages, extremes and percentiles."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from cartwheel.kernel.alarms import Statistic

Key = tuple[str, str, tuple[tuple[str, str], ...]]  # namespace, name, and the dimensions in the order of their names

GROWTH: Final = math.log(1.05)  # a bin is 5 % wide, so a percentile is wrong by 2.5 % at most


def key(namespace: str, name: str, **dimensions: str) -> Key:
    return namespace, name, tuple(sorted(dimensions.items()))


@dataclass(slots=True)
class Figures:
    """`bins` counts values by their logarithm; those that are not positive are in no bin."""

    count: int = 0
    total: float = 0.0
    low: float = math.inf
    high: float = -math.inf
    bins: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of_flags(cls, raised: int, number: int) -> "Figures":
        """Of so many values, at least one, of which some are 1 and all others 0."""
        return cls(number, raised, float(raised == number), float(raised > 0), {0: raised} if raised else {})

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        if value < self.low:
            self.low = value
        if value > self.high:
            self.high = value
        if value > 0:
            number = math.floor(math.log(value) / GROWTH)
            self.bins[number] = self.bins.get(number, 0) + 1

    def merge(self, other: "Figures") -> None:
        self.count += other.count
        self.total += other.total
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        for number, count in other.bins.items():
            self.bins[number] = self.bins.get(number, 0) + count

    def percentile(self, percent: float) -> float:
        """The value that so many percent of the values do not exceed."""
        wanted = math.ceil(self.count * percent / 100)
        seen = self.count - sum(self.bins.values())
        if seen >= wanted:
            return min(self.high, 0.0)
        for number in sorted(self.bins):
            seen += self.bins[number]
            if seen >= wanted:
                return min(max(math.exp((number + 0.5) * GROWTH), self.low), self.high)
        return self.high

    def statistic(self, name: Statistic) -> float:
        """Of at least one value."""
        match name:
            case "Sum":
                return self.total
            case "Average":
                return self.total / self.count
            case "Maximum":
                return self.high
            case "Minimum":
                return self.low
            case "p99":
                return self.percentile(99)


def merged(parts: Iterable[Figures]) -> Figures:
    whole = Figures()
    for part in parts:
        whole.merge(part)
    return whole
