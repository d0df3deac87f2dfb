"""Array consistency: two fields under one array must be met by the same element of it.

Every element that is an object or an array opened a scope of its own. A pattern matches if from each
array one element can be chosen so that the chosen ones meet all fields between them. The scopes are
folded from the innermost outwards, each to the outcomes its choices allow, so that the cost grows
with the size of the event and not with the number of choices.
"""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import NamedTuple, TypeAlias

from .checks import FieldCheck
from .flat import Flat

FEW = 4
"""With so few places for one of the fields, only what goes with each of them is looked at."""


class Outcome(NamedTuple):
    """Sets of fields as bits: those met, and those whose absence is spoilt because they are there."""

    met: int
    spoilt: int


Outcomes: TypeAlias = frozenset[Outcome]


class _Array:
    """What the elements of one array allow."""

    def __init__(self) -> None:
        self.outcomes: set[Outcome] = set()
        self.anywhere = 0
        """The fields to be absent that are there in any element."""

    def choices(self) -> Outcomes:
        return _best([*(self._chosen(outcome) for outcome in self.outcomes), Outcome(0, self.anywhere)])

    def _chosen(self, outcome: Outcome) -> Outcome:
        # As in EventBridge, fields are looked at in the order of their paths: an element is settled on
        # by the first field it meets, and only absences after that are about this element alone.
        first = outcome.met & -outcome.met
        settled = -(first << 1) if first else 0
        return Outcome(outcome.met, (outcome.spoilt & settled) | (self.anywhere & ~settled))


def consistent(checks: Sequence[FieldCheck], flat: Flat) -> bool:
    """Whether one choice of elements meets all the checks, which come in the order of their paths."""
    pivot = _pivot(checks, flat)
    if pivot is None or len(pivot) > FEW:
        return _satisfied(checks, _own_outcomes(checks, flat), flat)
    # Otherwise a large array would be read once more for every rule about one of its elements.
    return any(_satisfied(checks, _outcomes_in(flat.beside(scope), checks, flat), flat) for scope in pivot)


def _pivot(checks: Sequence[FieldCheck], flat: Flat) -> list[int] | None:
    """The scopes that meet the field fewest meet, or ``None`` if the choice must not start from there."""
    nested = [check for check in checks if check.path in flat.nested]
    if any(check.absent for check in nested):
        # What must be absent is looked for in every element until one is settled on.
        return None
    found = [check.scopes(flat) for check in nested if check.keys is not None]
    return min(found, key=len, default=None)


def _satisfied(checks: Sequence[FieldCheck], own: dict[int, Outcome], flat: Flat) -> bool:
    may_be_absent = sum(1 << place for place, check in enumerate(checks) if check.absent)
    everything = (1 << len(checks)) - 1
    return any(met | (may_be_absent & ~spoilt) == everything for met, spoilt in _folded(own, flat))


def _own_outcomes(checks: Sequence[FieldCheck], flat: Flat) -> dict[int, Outcome]:
    """What each scope meets and spoils by the values directly in it."""
    own: dict[int, Outcome] = {0: Outcome(0, 0)}
    for place, check in enumerate(checks):
        bit = 1 << place
        for scope, value in flat.values.get(check.path, ()):
            met, spoilt = own.get(scope, (0, 0))
            met |= bit if check.accepts(value) else 0
            own[scope] = Outcome(met, spoilt | bit if check.absent else spoilt)
    return own


def _outcomes_in(scopes: Iterable[int], checks: Sequence[FieldCheck], flat: Flat) -> dict[int, Outcome]:
    """The same for these scopes alone."""
    own: dict[int, Outcome] = {0: Outcome(0, 0)}
    for scope in scopes:
        met = spoilt = 0
        for place, check in enumerate(checks):
            values = flat.values_in(scope, check.path)
            met |= any(check.accepts(value) for value in values) << place
            spoilt |= (check.absent and len(values) > 0) << place
        own[scope] = Outcome(met, spoilt)
    return own


def _folded(own: dict[int, Outcome], flat: Flat) -> Outcomes:
    arrays_in: dict[int, dict[int, _Array]] = {}
    # A scope is opened after the one around it, so descending order is from the inside out.
    for scope in sorted(_with_those_around(own, flat), reverse=True):
        here = own.get(scope, Outcome(0, 0))
        outcomes, anywhere = frozenset([here]), here.spoilt
        for array in arrays_in.pop(scope, {}).values():
            outcomes = _combined(outcomes, array.choices())
            anywhere |= array.anywhere
        if scope == 0:
            return outcomes
        around, number = flat.parents[scope]
        array = arrays_in.setdefault(around, {}).setdefault(number, _Array())
        array.outcomes |= outcomes
        array.anywhere |= anywhere
    return frozenset()


def _with_those_around(scopes: Iterable[int], flat: Flat) -> set[int]:
    found: set[int] = set()
    for scope in scopes:
        while scope not in found:
            found.add(scope)
            scope = flat.parents[scope][0]
    return found


def _combined(left: Outcomes, right: Outcomes) -> Outcomes:
    return _best([Outcome(a.met | b.met, a.spoilt | b.spoilt) for a, b in product(left, right)])


def _best(outcomes: Iterable[Outcome]) -> Outcomes:
    """Without those that meet no more and spoil no less than another."""
    kept: list[Outcome] = []
    # Whatever is dominated comes after what dominates it.
    for outcome in sorted(set(outcomes), key=lambda each: (-each.met.bit_count(), each.spoilt.bit_count())):
        if not any(not outcome.met & ~other.met and not other.spoilt & ~outcome.spoilt for other in kept):
            kept.append(outcome)
    return frozenset(kept)
