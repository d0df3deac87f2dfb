"""What a round measures, and what several rounds say together."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

# By name, such as `accepted.32.rate`; README.md lists the names with their units.
Figures = dict[str, float]


class WrongResult(Exception):
    """The shop was measured doing something else than what was asked: its figures would mean nothing."""


@dataclass(frozen=True, slots=True)
class Spread:
    """One figure over all rounds."""

    median: float
    least: float
    most: float


def spreads(rounds: Sequence[Figures]) -> dict[str, Spread]:
    """Every figure, over the rounds that have it."""
    names = dict.fromkeys(name for figures in rounds for name in figures)
    measured = {name: [figures[name] for figures in rounds if name in figures] for name in names}
    return {name: Spread(median(values), min(values), max(values)) for name, values in measured.items()}


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent do not exceed: one that was measured, nothing in between."""
    rank = -(-len(values) * percent // 100)
    return sorted(values)[max(rank, 1) - 1]


def latencies(name: str, seconds: Sequence[float]) -> Figures:
    """Median and 99th percentile in milliseconds."""
    return {f"{name}.p50": percentile(seconds, 50) * 1000, f"{name}.p99": percentile(seconds, 99) * 1000}
