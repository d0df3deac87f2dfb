"""One compiled pattern, and what it takes for an event to match it."""

from collections.abc import Mapping, Sequence

from .arrays import consistent
from .checks import FieldCheck
from .flat import Flat
from .parse import parse
from .terms import Alternative
from .walk import flatten, steps_to


class Conjunction:
    """Fields that must all be met: a pattern without ``$or``, or one alternative of a pattern with it."""

    __slots__ = ("_checks", "fields")

    def __init__(self, fields: Alternative) -> None:
        self.fields = fields
        self._checks = tuple(FieldCheck.of(field) for field in fields)

    def matches(self, flat: Flat) -> bool:
        values, nested = flat.values, flat.nested
        for check in self._checks:
            entries = values.get(check.path)
            if entries is None:
                if not check.absent:
                    return False
            elif check.absent and check.path in nested:
                # Whether it counts as there depends on the elements the other fields settle on.
                continue
            elif not check.met_by_any(entries, flat):
                return False
        return not nested or self._consistent(flat)

    def _consistent(self, flat: Flat) -> bool:
        nested = [check for check in self._checks if check.path in flat.nested]
        if not nested or (len(nested) == 1 and not nested[0].absent):
            return True
        return consistent(self._checks, flat)


class Pattern:
    """A compiled pattern. It does not change, and may be shared between threads."""

    __slots__ = ("_steps", "alternatives")

    def __init__(self, alternatives: Sequence[Alternative]) -> None:
        self.alternatives = tuple(Conjunction(fields) for fields in alternatives)
        self._steps = steps_to(self.paths())

    @classmethod
    def compile(cls, pattern: str | Mapping[str, object]) -> "Pattern":
        """The pattern, from JSON text or what JSON text is read to. Raises InvalidPattern."""
        return cls(parse(pattern))

    def paths(self) -> set[str]:
        return {field.path for alternative in self.alternatives for field in alternative.fields}

    def matches(self, event: Mapping[str, object]) -> bool:
        flat = flatten(event, self._steps)
        return any(alternative.matches(flat) for alternative in self.alternatives)
