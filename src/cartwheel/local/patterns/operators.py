"""The entries of a leaf array: each becomes a term, or is refused with a reason."""

import math
from collections.abc import Callable, Mapping

from .errors import invalid, kind_of
from .ranges import parse_bound, parse_cidr, parse_numeric
from .terms import (
    AnythingBut,
    EqualsIgnoreCase,
    Exact,
    Exists,
    Matcher,
    Number,
    Prefix,
    Suffix,
    Text,
    Wildcard,
    as_number,
)

MAX_WILDCARDS = 5


def parse_entry(entry: object, where: str) -> Matcher:
    """One entry of a leaf array."""
    if entry is None or isinstance(entry, str | bool):
        return Exact(entry)
    number = as_number(entry)
    if number is not None:
        return Exact(_finite(number, where))
    if isinstance(entry, Mapping):
        name, operand = _only_item(entry, where)
        parse = _OPERATORS.get(name)
        if parse is None:
            remedy = f"use one of {', '.join(sorted(_OPERATORS))}"
            raise invalid(where, f'"{name}" is not an operator', remedy)
        return parse(operand, f"{where}.{name}")
    problem = f"{kind_of(entry)} is neither a scalar nor an operator"
    raise invalid(where, problem, 'write the values side by side: ["a", "b"]')


def check_keys(node: Mapping[str, object], where: str) -> None:
    """Refuse what a JSON object cannot mean: a key that is no text, or the same key twice."""
    for key in node:
        if not isinstance(key, str):
            raise invalid(where, f"{kind_of(key)} is not a key", "write every key as a string")
    repeated = getattr(node, "repeated", None)
    if repeated is not None:
        raise invalid(where, f'"{repeated}" is given twice in one object', "merge its values into one array")


def _only_item(node: Mapping[str, object], where: str) -> tuple[str, object]:
    check_keys(node, where)
    if len(node) != 1:
        names = ", ".join(f'"{name}"' for name in node) or "none"
        problem = f"an object here holds one operator, not {names}"
        raise invalid(where, problem, "give each operator an object of its own")
    return next(iter(node.items()))


def _finite(number: Number, where: str) -> Number:
    if isinstance(number, float) and not math.isfinite(number):
        raise invalid(where, f"{number} is not a JSON number", "write a finite number")
    return number


def _text(operand: object, where: str) -> str:
    if not isinstance(operand, str):
        raise invalid(where, f"{kind_of(operand)} is not a string", "write one string")
    return operand


def _maybe_ignoring_case(operand: object, where: str) -> tuple[str, bool]:
    if not isinstance(operand, Mapping):
        return _text(operand, where), False
    name, inner = _only_item(operand, where)
    if name != "equals-ignore-case":
        remedy = 'write a string, or {"equals-ignore-case": "..."}'
        raise invalid(where, f'"{name}" does not nest here', remedy)
    return _text(inner, f"{where}.{name}"), True


def _prefix(operand: object, where: str) -> Prefix:
    return Prefix(*_maybe_ignoring_case(operand, where))


def _suffix(operand: object, where: str) -> Suffix:
    return Suffix(*_maybe_ignoring_case(operand, where))


def _equals_ignore_case(operand: object, where: str) -> EqualsIgnoreCase:
    return EqualsIgnoreCase(_text(operand, where))


def _exists(operand: object, where: str) -> Exists:
    if not isinstance(operand, bool):
        raise invalid(where, f"{kind_of(operand)} is not a boolean", "write true or false")
    return Exists(operand)


def _wildcard(operand: object, where: str) -> Wildcard:
    pieces = [""]
    text = iter(_text(operand, where))
    starred = False
    for character in text:
        if character == "*" and starred:
            raise invalid(where, "it has consecutive wildcards", "write one *, or \\* for an asterisk")
        if character == "*":
            pieces.append("")
        else:
            pieces[-1] += _escaped(next(text, ""), where) if character == "\\" else character
        starred = character == "*"
    if len(pieces) > MAX_WILDCARDS + 1:
        # EventBridge refuses a rule as too complex without publishing where it draws the line.
        raise invalid(where, "the wildcard is too complex", f"use * at most {MAX_WILDCARDS} times")
    return Wildcard(tuple(pieces))


def _escaped(character: str, where: str) -> str:
    if character not in ("*", "\\"):
        raise invalid(where, "a backslash escapes only * and \\", "write \\\\ for a literal backslash")
    return character


def _anything_but(operand: object, where: str) -> AnythingBut:
    if isinstance(operand, Mapping):
        return _anything_but_nested(operand, where)
    values = operand if isinstance(operand, list | tuple) else [operand]
    if not values:
        raise invalid(where, "the list is empty", "name at least one value to leave out")
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) == len(values):
        return AnythingBut(tuple(Exact(text) for text in texts))
    if any(as_number(value) is None for value in values):
        problem = "the values are neither all strings nor all numbers"
        raise invalid(where, problem, "leave out only strings, or only numbers")
    return AnythingBut(tuple(Exact(parse_bound(value, where)) for value in values))


def _anything_but_nested(operand: Mapping[str, object], where: str) -> AnythingBut:
    name, inner = _only_item(operand, where)
    parse = _NESTED.get(name)
    if parse is None:
        remedy = f"use one of {', '.join(sorted(_NESTED))}"
        raise invalid(where, f'"{name}" does not nest in anything-but', remedy)
    where = f"{where}.{name}"
    texts = inner if isinstance(inner, list | tuple) else [inner]
    if not texts:
        raise invalid(where, "the list is empty", "name at least one string to leave out")
    if name in ("prefix", "suffix") and "" in texts:
        raise invalid(where, f"an empty {name} leaves out every string", "write at least one character")
    return AnythingBut(tuple(parse(_text(text, where), where) for text in texts))


_OPERATORS: dict[str, Callable[[object, str], Matcher]] = {
    "anything-but": _anything_but,
    "cidr": parse_cidr,
    "equals-ignore-case": _equals_ignore_case,
    "exists": _exists,
    "numeric": parse_numeric,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}
_NESTED: dict[str, Callable[[object, str], Text]] = {
    "equals-ignore-case": _equals_ignore_case,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}
RESERVED = frozenset([*_OPERATORS, "=", "<", "<=", ">", ">="])
"""Names that cannot be fields inside ``$or``, where they are taken for misplaced operators."""
