"""A slow matcher, written plainly from the published semantics, to compare the fast one with."""

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_network
from itertools import product
from typing import TypeAlias

from .rules import Json

Membership: TypeAlias = dict[int, int]
Values: TypeAlias = list[tuple[str, Json, Membership]]


def reference(pattern: Json, event: Json) -> bool:
    """Every combination of values tried in turn, as EventBridge's open-source matcher describes it.

    Fields are taken in the order of their paths. Each picks a value whose place in arrays agrees with
    those picked before; a field that must be absent has no value that agrees with them.
    """
    values: Values = []
    collect(event, [], {}, values, iter(range(10**9)))
    ordered = [sorted(fields, key=lambda field: field[0]) for fields in expand(pattern, [])]
    return any(picks(fields, {}, values) for fields in ordered)


def collect(node: Json, keys: list[str], place: Membership, values: Values, numbers: Iterator[int]) -> None:
    if isinstance(node, dict):
        for key, value in node.items():
            collect(value, [*keys, key], place, values, numbers)
    elif isinstance(node, list):
        array = next(numbers)
        for index, value in enumerate(node):
            inner = {**place, array: index} if isinstance(value, dict | list) else place
            collect(value, keys, inner, values, numbers)
    else:
        values.append((".".join(keys), node, place))


def expand(node: Json, keys: list[str]) -> list[list[tuple[str, Json]]]:
    combined: list[list[tuple[str, Json]]] = [[]]
    for key, child in node.items():
        if key == "$or":
            ways = [way for branch in child for way in expand(branch, keys)]
        elif isinstance(child, dict):
            ways = expand(child, [*keys, key])
        else:
            ways = [[(".".join([*keys, key]), child)]]
        combined = [left + right for left, right in product(combined, ways)]
    return combined


def picks(fields: list[tuple[str, Json]], place: Membership, values: Values) -> bool:
    if not fields:
        return True
    (path, entries), *others = fields
    agreeing = [
        (value, {**place, **where})
        for at, value, where in values
        if at == path and all(place.get(array, index) == index for array, index in where.items())
    ]
    if not agreeing and {"exists": False} in entries:
        return picks(others, place, values)
    return any(accepted(entries, value) and picks(others, where, values) for value, where in agreeing)


def accepted(entries: Json, value: Json) -> bool:
    return any(entry_accepts(entry, value) for entry in entries)


def entry_accepts(entry: Json, value: Json) -> bool:
    if not isinstance(entry, dict):
        return same(entry, value)
    ((operator, operand),) = entry.items()
    if operator == "exists":
        return operand is True
    if operator == "anything-but":
        if isinstance(operand, dict):
            ((nested, inner),) = operand.items()
            return not any(entry_accepts({nested: one}, value) for one in listed(inner))
        return not any(same(one, value) for one in listed(operand))
    if operator == "numeric":
        return is_number(value) and abs(value) <= 5e9 and in_range(operand, value)
    return isinstance(value, str) and text_accepts(operator, operand, value)


def text_accepts(operator: str, operand: Json, value: str) -> bool:
    if isinstance(operand, dict):
        (inner,) = operand.values()
        return text_accepts(operator, lower(inner), lower(value))
    if operator == "cidr":
        try:
            return "%" not in value and ip_address(value) in ip_network(operand, strict=False)
        except ValueError:
            return False
    if operator == "wildcard":
        parts = re.findall(r"\\.|[^\\]", operand, re.DOTALL)
        regex = "".join(".*" if part == "*" else re.escape(part[-1]) for part in parts)
        return re.fullmatch(regex, value, re.DOTALL) is not None
    if operator == "equals-ignore-case":
        return lower(operand) == lower(value)
    return value.startswith(operand) if operator == "prefix" else value.endswith(operand)


def lower(text: str) -> str:
    folded = [character.upper().lower() for character in text]
    return "".join(one if len(one) == 1 else text[index] for index, one in enumerate(folded))


def listed(operand: Json) -> list[Json]:
    return operand if isinstance(operand, list) else [operand]


def is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def same(left: Json, right: Json) -> bool:
    if is_number(left) and is_number(right):
        return bool(left == right)
    return type(left) is type(right) and bool(left == right)


def in_range(operand: Json, value: float) -> bool:
    compare: dict[str, Callable[[float], bool]] = {
        "=": lambda bound: value == bound,
        "<": lambda bound: value < bound,
        "<=": lambda bound: value <= bound,
        ">": lambda bound: value > bound,
        ">=": lambda bound: value >= bound,
    }
    return all(compare[sign](bound) for sign, bound in zip(operand[::2], operand[1::2], strict=True))
