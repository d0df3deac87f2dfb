"""From the JSON of a pattern to its alternatives, refusing what EventBridge would refuse."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NoReturn

from .errors import InvalidPattern, invalid, kind_of
from .operators import RESERVED, check_keys, parse_entry
from .terms import Alternative, Field

MAX_CHARACTERS = 2048
"""EventBridge's default quota on the size of a pattern."""
MAX_DEPTH = 100
MAX_ALTERNATIVES = 1000
OR = "$or"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the pattern we are: ``keys`` name the field, ``shown`` also the branches of ``$or``."""

    keys: tuple[str, ...] = ()
    shown: str = ""
    depth: int = 0
    in_or: bool = False

    def __str__(self) -> str:
        return self.shown or "pattern"

    def field(self, key: str) -> "_Place":
        shown = f"{self.shown}.{key}" if self.shown else key
        return _Place((*self.keys, key), shown, self.depth + 1, self.in_or)

    def branch(self, number: int) -> "_Place":
        shown = f"{self.shown}.{OR}[{number}]" if self.shown else f"{OR}[{number}]"
        return _Place(self.keys, shown, self.depth + 1, True)


class _JsonObject(dict[str, object]):
    """An object read from text, which remembers a key it was given twice."""

    repeated: str | None = None

    @classmethod
    def of(cls, pairs: list[tuple[str, object]]) -> "_JsonObject":
        node = cls()
        for key, value in pairs:
            if key in node:
                node.repeated = key
            node[key] = value
        return node


def parse(pattern: str | Mapping[str, object]) -> tuple[Alternative, ...]:
    """The alternatives of a pattern, each with its fields in the order of their paths."""
    tree = _load(pattern) if isinstance(pattern, str) else pattern
    if not isinstance(tree, Mapping):
        remedy = 'write an object such as {"source": ["shop"]}'
        raise invalid("pattern", f"{kind_of(tree)} is not an object", remedy)
    alternatives = _object(tree, _Place())
    if not isinstance(pattern, str):
        _check_size(_text_of(tree))
    return tuple(tuple(sorted(fields, key=lambda field: field.path)) for fields in alternatives)


def _load(text: str) -> object:
    _check_size(text)
    try:
        return json.loads(text, object_pairs_hook=_JsonObject.of, parse_constant=_not_json)
    except InvalidPattern:
        raise
    except RecursionError:
        raise _too_deep("pattern") from None
    except ValueError as error:
        raise invalid("pattern", f"it is not valid JSON: {error}", "correct it there") from None


def _not_json(constant: str) -> NoReturn:
    raise invalid("pattern", f"{constant} is not JSON", "write a finite number")


def _text_of(tree: Mapping[str, object]) -> str:
    try:
        return json.dumps(tree, separators=(",", ":"), ensure_ascii=False, default=_plain)
    except ValueError:
        # Python will not print an integer of thousands of digits: larger than any pattern may be.
        return " " * (MAX_CHARACTERS + 1)


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else float(str(value))


def _check_size(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        problem = f"it is longer than {MAX_CHARACTERS} characters"
        raise invalid("pattern", problem, "split it into several rules")


def _object(node: Mapping[str, object], place: _Place) -> list[Alternative]:
    if place.depth >= MAX_DEPTH:
        raise _too_deep(str(place))
    check_keys(node, str(place))
    if not node:
        raise invalid(str(place), "the object is empty", "name a field, or leave the object out")
    alternatives: list[Alternative] = [()]
    for key, child in node.items():
        branches = _or(child, place) if key == OR else _member(child, place.field(key))
        if len(alternatives) * len(branches) > MAX_ALTERNATIVES:
            problem = f"the {OR}s combine to more than {MAX_ALTERNATIVES} alternatives"
            raise invalid(str(place), problem, "split the pattern into several rules")
        alternatives = [(*left, *right) for left, right in product(alternatives, branches)]
    return alternatives


def _too_deep(where: str) -> InvalidPattern:
    return invalid(where[:MAX_CHARACTERS], "it is nested too deep", f"use at most {MAX_DEPTH} levels")


def _member(child: object, place: _Place) -> list[Alternative]:
    if place.in_or and place.keys[-1] in RESERVED:
        problem = f"an operator's name is no field inside {OR}"
        raise invalid(str(place), problem, 'write {"field": [{"operator": ...}]}')
    if isinstance(child, Mapping):
        return _object(child, place)
    if isinstance(child, list | tuple):
        return [(_leaf(child, place),)]
    problem = f"{kind_of(child)} is neither an array of values nor an object of fields"
    raise invalid(str(place), problem, "put the value in an array")


def _leaf(entries: Sequence[object], place: _Place) -> Field:
    if not entries:
        raise invalid(str(place), "the array is empty", 'name a value, or use [{"exists": true}]')
    matchers = tuple(parse_entry(entry, f"{place}[{number}]") for number, entry in enumerate(entries))
    return Field(".".join(place.keys), matchers)


def _or(child: object, place: _Place) -> list[Alternative]:
    where = f"{place.shown}.{OR}" if place.shown else OR
    if not isinstance(child, list | tuple) or len(child) < 2:
        problem = "it is not an array of at least two alternatives"
        raise invalid(where, problem, "add another, or write the fields without it")
    alternatives: list[Alternative] = []
    for number, branch in enumerate(child):
        if not isinstance(branch, Mapping):
            problem = f"{kind_of(branch)} is not an alternative"
            raise invalid(f"{where}[{number}]", problem, 'write {"field": ["value"]}')
        alternatives += _object(branch, place.branch(number))
    return alternatives
