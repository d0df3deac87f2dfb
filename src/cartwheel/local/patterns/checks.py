"""What a pattern asks of one path."""

from dataclasses import dataclass

from .flat import Entry, Flat
from .matchers import Accepts, accepts_any, exact_key
from .terms import Exact, Exists, Field

MANY = 8
"""With more values than this, exact ones are looked up: an array may hold thousands."""


@dataclass(frozen=True, slots=True)
class FieldCheck:
    path: str
    accepts: Accepts
    absent: bool
    """Whether the field is also met by not being there."""
    keys: frozenset[object] | None
    """What a value must be equal to, if nothing else will do."""

    @classmethod
    def of(cls, field: Field) -> "FieldCheck":
        keys = frozenset(exact_key(each.value) for each in field.matchers if isinstance(each, Exact))
        only_exact = all(isinstance(each, Exact) for each in field.matchers)
        absent = Exists(False) in field.matchers
        return cls(field.path, accepts_any(field.matchers), absent, keys if only_exact else None)

    def met_by_any(self, entries: list[Entry], flat: Flat) -> bool:
        if self.keys is not None and len(entries) > MANY:
            known = flat.scopes_of(self.path)
            return any(key in known for key in self.keys)
        return any(self.accepts(value) for _, value in entries)

    def scopes(self, flat: Flat) -> list[int]:
        """The scopes with a value that is equal to a key."""
        known = flat.scopes_of(self.path)
        return [scope for key in self.keys or () for scope in known.get(key, ())]
