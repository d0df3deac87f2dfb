"""Conditions on the stored item that a write may demand; every host evaluates them inside the write."""

from dataclasses import dataclass, field
from typing import Any

Stored = dict[str, Any] | None


def identical(one: Any, other: Any) -> bool:
    """Whether two stored values are the same, in type too, however deep."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(identical(value, other[name]) for name, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(identical, one, other))
    return bool(one == other)


@dataclass(frozen=True, slots=True)
class Exists:
    """The item is there."""

    def holds(self, item: Stored) -> bool:
        return item is not None


@dataclass(frozen=True, slots=True)
class NotExists:
    """The item is not there: the write creates it."""

    def holds(self, item: Stored) -> bool:
        return item is None


@dataclass(frozen=True, slots=True)
class Equals:
    """The attribute is there and equals the value, in type too: True is not 1. The value may be any that is stored."""

    attribute: str
    value: Any = field(hash=False)

    def holds(self, item: Stored) -> bool:
        return self.attribute in (item or {}) and identical((item or {})[self.attribute], self.value)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The attribute is a number (or text, in text order) not below the value."""

    attribute: str
    value: str | int

    def holds(self, item: Stored) -> bool:
        stored = (item or {}).get(self.attribute)
        return type(stored) is type(self.value) and bool(stored >= self.value)


@dataclass(frozen=True, slots=True)
class Below:
    """The attribute is a number (or text, in text order) below the value."""

    attribute: str
    value: str | int

    def holds(self, item: Stored) -> bool:
        stored = (item or {}).get(self.attribute)
        return type(stored) is type(self.value) and bool(stored < self.value)


@dataclass(frozen=True, slots=True)
class Missing:
    """The attribute is not there (nor, perhaps, the item)."""

    attribute: str

    def holds(self, item: Stored) -> bool:
        return self.attribute not in (item or {})


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the conditions holds."""

    conditions: tuple["Condition", ...]

    def holds(self, item: Stored) -> bool:
        return any(condition.holds(item) for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of the conditions holds."""

    conditions: tuple["Condition", ...]

    def holds(self, item: Stored) -> bool:
        return all(condition.holds(item) for condition in self.conditions)


Condition = Exists | NotExists | Equals | AtLeast | Below | Missing | AnyOf | AllOf
