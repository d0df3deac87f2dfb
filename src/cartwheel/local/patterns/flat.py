"""An event flattened: its scalars by dotted path, and which element of which array each came from."""

from collections.abc import Sequence
from typing import TypeAlias

from .matchers import exact_key

Entry: TypeAlias = tuple[int, object]
"""A scalar with the scope it was found in."""


class Flat:
    """The scalars by path, and the scopes they are in.

    Scope 0 is the event itself; every object or array that is an element of an array opens one of its
    own. The ways to look scalars up other than by path are made when first asked for: few events hold
    arrays of objects, and fewer are large.
    """

    __slots__ = ("_by_key", "_by_scope", "_elements", "arrays", "nested", "parents", "values")

    def __init__(self) -> None:
        self.values: dict[str, list[Entry]] = {}
        self.nested: set[str] = set()
        """The paths with a value in some scope other than the event's."""
        self.parents: list[tuple[int, int]] = [(0, 0)]
        """For each scope the scope around it and the number of the array it is an element of."""
        self.arrays = 0
        self._by_key: dict[str, dict[object, list[int]]] = {}
        self._by_scope: dict[str, dict[int, list[object]]] = {}
        self._elements: dict[int, dict[int, list[int]]] | None = None

    def open(self, around: int, array: int) -> int:
        self.parents.append((around, array))
        return len(self.parents) - 1

    def add(self, path: str, scope: int, value: object) -> None:
        self.values.setdefault(path, []).append((scope, value))
        if scope:
            self.nested.add(path)

    def scopes_of(self, path: str) -> dict[object, list[int]]:
        """The scopes of every value at the path, by the key it is equal under."""
        found = self._by_key.get(path)
        if found is None:
            found = self._by_key[path] = {}
            for scope, value in self.values.get(path, ()):
                found.setdefault(exact_key(value), []).append(scope)
        return found

    def values_in(self, scope: int, path: str) -> Sequence[object]:
        """The values at the path directly in this scope."""
        by_scope = self._by_scope.get(path)
        if by_scope is None:
            by_scope = self._by_scope[path] = {}
            for where, value in self.values.get(path, ()):
                by_scope.setdefault(where, []).append(value)
        return by_scope.get(scope, ())

    def elements(self, scope: int) -> dict[int, list[int]]:
        """The scopes of the elements of each array directly in this scope."""
        if self._elements is None:
            self._elements = {}
            for element, (around, array) in enumerate(self.parents[1:], start=1):
                self._elements.setdefault(around, {}).setdefault(array, []).append(element)
        return self._elements.get(scope, {})

    def beside(self, scope: int) -> set[int]:
        """The scopes whose values can be met together with one in this scope.

        From each array this scope is in, that is its own element and no other; from any other array all.
        """
        chain = {scope}
        while scope:
            scope = self.parents[scope][0]
            chain.add(scope)
        found, pending = {0}, [0]
        while pending:
            for elements in self.elements(pending.pop()).values():
                chosen = [element for element in elements if element in chain] or elements
                found.update(chosen)
                pending += chosen
        return found
