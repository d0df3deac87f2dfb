"""Array consistency: two fields under one array must be met by the same element of it.

Every element that is an object or an array opened a scope of its own. A pattern matches if from each
array one element can be chosen so that the chosen ones meet all fields between them. The scopes are
folded from the innermost outwards, each to the outcomes its choices allow. What nothing outside of a
scope can complete is dropped there, so that the cost grows with the event and not with the choices.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import product
from typing import NamedTuple, TypeAlias

from .checks import FieldCheck
from .flat import Flat

FEW = 4
"""With so few places for one of the fields, only what goes with each of them is looked at."""


Masks: TypeAlias = frozenset[int]
"""Sets of fields, as bits: what one choice of elements meets, for each choice worth keeping."""


class Own(NamedTuple):
    """Of the values directly in a scope, as bits: the fields they meet, and the fields they are there for."""

    met: int
    there: int


class _Array:
    def __init__(self) -> None:
        self.there = 0
        """The fields with a value in any element."""
        self.choices = {0}
        """What an element may meet; none is chosen if no field needs one."""


def consistent(checks: Sequence[FieldCheck], flat: Flat) -> bool:
    """Whether one choice of elements meets all the checks, which come in the order of their paths."""
    pivot = _pivot(checks, flat)
    if pivot is None or len(pivot) > FEW:
        return _Fold(checks, flat, _own(checks, flat)).possible()
    # Otherwise a large array would be read once more for every rule about one of its elements.
    return any(_Fold(checks, flat, _own_of(flat.beside(scope), checks, flat)).possible() for scope in pivot)


def _pivot(checks: Sequence[FieldCheck], flat: Flat) -> list[int] | None:
    """The scopes that meet the field fewest meet, or ``None`` if the choice must not start from there."""
    nested = [check for check in checks if check.path in flat.nested]
    if any(check.absent for check in nested):
        # What must be absent is looked for in every element until one is settled on.
        return None
    found = [check.scopes(flat) for check in nested if check.keys is not None]
    return min(found, key=len, default=None)


def _own(checks: Sequence[FieldCheck], flat: Flat) -> dict[int, Own]:
    own: dict[int, Own] = {0: Own(0, 0)}
    for place, check in enumerate(checks):
        for scope, value in flat.values.get(check.path, ()):
            met, there = own.get(scope, (0, 0))
            own[scope] = Own(met | check.accepts(value) << place, there | 1 << place)
    return own


def _own_of(scopes: Iterable[int], checks: Sequence[FieldCheck], flat: Flat) -> dict[int, Own]:
    own: dict[int, Own] = {0: Own(0, 0)}
    for scope in scopes:
        met = there = 0
        for place, check in enumerate(checks):
            values = flat.values_in(scope, check.path)
            met |= any(check.accepts(value) for value in values) << place
            there |= (len(values) > 0) << place
        own[scope] = Own(met, there)
    return own


class _Fold:
    """The scopes of one event, for the checks of one pattern."""

    def __init__(self, checks: Sequence[FieldCheck], flat: Flat, own: dict[int, Own]) -> None:
        self._flat = flat
        self._own = own
        self._everything = (1 << len(checks)) - 1
        self._absent = sum(1 << place for place, check in enumerate(checks) if check.absent)

    def possible(self) -> bool:
        # A scope is opened after the one around it, so descending order is from the inside out.
        for scope in reversed(self._scopes):
            choices = self._choices(scope)
            if scope:
                around, number = self._flat.parents[scope]
                self._arrays[around][number].choices |= choices
        return bool(choices)

    @cached_property
    def _scopes(self) -> list[int]:
        found: set[int] = set()
        for scope in self._own:
            while scope not in found:
                found.add(scope)
                scope = self._flat.parents[scope][0]
        return sorted(found)

    @cached_property
    def _arrays(self) -> dict[int, dict[int, _Array]]:
        """The arrays directly in each scope, so far only with what is there in them."""
        arrays: dict[int, dict[int, _Array]] = {scope: {} for scope in self._scopes}
        for scope in reversed(self._scopes[1:]):
            around, number = self._flat.parents[scope]
            array = arrays[around].setdefault(number, _Array())
            array.there |= self._there(scope) | _together(arrays[scope].values())
        return arrays

    @cached_property
    def _outside(self) -> dict[int, int]:
        """For each scope the fields with a value that may be met beside it: not in it, nor in its array."""
        outside = {0: 0}
        for scope in self._scopes[1:]:
            around, number = self._flat.parents[scope]
            others = _together(array for other, array in self._arrays[around].items() if other != number)
            outside[scope] = outside[around] | self._there(around) | others
        return outside

    def _there(self, scope: int) -> int:
        return self._own[scope].there if scope in self._own else 0

    def _choices(self, scope: int) -> Masks:
        arrays = self._arrays[scope].values()
        choices = _best([self._own[scope].met if scope in self._own else 0])
        for array in arrays:
            choices = _best(left | right for left, right in product(choices, _best(array.choices)))
        # A field that must be met here or nowhere fails if it has to be there, or if it is.
        fatal = ~self._absent | self._there(scope) | _together(arrays)
        decided = self._everything & ~self._outside[scope]
        return _best(met | (decided & _after_first(met)) for met in choices if not ~met & fatal & decided)


def _together(arrays: Iterable[_Array]) -> int:
    there = 0
    for array in arrays:
        there |= array.there
    return there


def _after_first(met: int) -> int:
    """The fields after the first one met.

    As in EventBridge, fields are looked at in the order of their paths: an element is settled on by the
    first field it meets, and only absences after that are about this element alone. Those that hold
    are as good as met; the others are still to be looked for in the other elements.
    """
    return -((met & -met) << 1) if met else 0


def _best(masks: Iterable[int]) -> Masks:
    """Without those that meet no more than another."""
    kept: list[int] = []
    for mask in sorted(set(masks), key=int.bit_count, reverse=True):
        if all(mask & ~other for other in kept):
            kept.append(mask)
    return frozenset(kept)
