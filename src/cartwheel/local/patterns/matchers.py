"""The terms of a leaf as functions of a value."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import ip_address
from typing import TypeAlias

from .terms import (
    AnythingBut,
    Cidr,
    EqualsIgnoreCase,
    Exact,
    Exists,
    Matcher,
    Numeric,
    Prefix,
    Suffix,
    Wildcard,
    as_number,
)

Accepts: TypeAlias = Callable[[object], bool]

_TRUE, _FALSE, _NOT_JSON = object(), object(), object()
LONGEST_ADDRESS = 45


def exact_key(value: object) -> object:
    """A key that is equal for equal JSON scalars: 300 and 300.0 are one, ``true`` and 1 are two."""
    kind = type(value)
    if kind is str or kind is int or kind is float or value is None:
        return value
    if kind is bool:
        return _TRUE if value else _FALSE
    if isinstance(value, str):
        return value
    number = as_number(value)
    return _NOT_JSON if number is None else number


def fold(text: str) -> str:
    """The text without its case, character by character: its length never changes."""
    return text.lower() if text.isascii() else "".join(map(_fold_character, text))


def _fold_character(character: str) -> str:
    upper = character.upper()
    lower = (upper if len(upper) == 1 else character).lower()
    return lower if len(lower) == 1 else character


@lru_cache(maxsize=1024)
def address_of(text: str) -> tuple[int, int] | None:
    """The version and the number of an IP address, or ``None`` for any other text."""
    if len(text) > LONGEST_ADDRESS or "%" in text:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.version, int(address)


def accepts_any(matchers: Iterable[Matcher]) -> Accepts:
    """Whether any of these terms accepts a value that is there."""
    matchers = tuple(matchers)
    keys = frozenset(exact_key(matcher.value) for matcher in matchers if isinstance(matcher, Exact))
    others = [_accepts(matcher) for matcher in matchers if not isinstance(matcher, Exact)]
    if not others:
        return lambda value: exact_key(value) in keys
    if not keys and len(others) == 1:
        return others[0]
    return lambda value: exact_key(value) in keys or any(accepts(value) for accepts in others)


def _accepts(matcher: Matcher) -> Accepts:
    match matcher:
        case Prefix():
            return _prefix(matcher)
        case Suffix():
            return _suffix(matcher)
        case EqualsIgnoreCase(text):
            folded = fold(text)
            return lambda value: isinstance(value, str) and fold(value) == folded
        case Wildcard(pieces):
            return _wildcard(pieces)
        case Numeric():
            return _numeric(matcher)
        case Cidr():
            return _cidr(matcher)
        case Exists(present):
            # Asked only of a value that is there; absence is for the whole pattern to see.
            return lambda _: present
        case AnythingBut(refused):
            refuses = accepts_any(refused)
            return lambda value: not refuses(value)
        case Exact():
            return accepts_any([matcher])


def _prefix(matcher: Prefix) -> Accepts:
    text, folded = matcher.text, fold(matcher.text)
    if matcher.ignore_case:
        return lambda value: isinstance(value, str) and fold(value[: len(folded)]) == folded
    return lambda value: isinstance(value, str) and value.startswith(text)


def _suffix(matcher: Suffix) -> Accepts:
    text, folded = matcher.text, fold(matcher.text)
    if matcher.ignore_case:
        return lambda value: isinstance(value, str) and fold(value).endswith(folded)
    return lambda value: isinstance(value, str) and value.endswith(text)


def _wildcard(pieces: tuple[str, ...]) -> Accepts:
    if len(pieces) == 1:
        return lambda value: value == pieces[0]
    first, *middle, last = pieces

    def accepts(value: object) -> bool:
        if not (isinstance(value, str) and value.startswith(first) and value.endswith(last)):
            return False
        # Taking each piece at its first place leaves the most room for the rest, so nothing is tried twice.
        place, end = len(first), len(value) - len(last)
        for piece in middle:
            found = value.find(piece, place, end)
            if found < 0:
                return False
            place = found + len(piece)
        return place <= end

    return accepts


def _numeric(matcher: Numeric) -> Accepts:
    low, high, low_open, high_open = matcher.low, matcher.high, matcher.low_open, matcher.high_open

    def accepts(value: object) -> bool:
        number = as_number(value)
        if number is None:
            return False
        # Both ends are within what EventBridge compares, so a number beyond that meets no range.
        return (low < number or (number == low and not low_open)) and (
            number < high or (number == high and not high_open)
        )

    return accepts


def _cidr(matcher: Cidr) -> Accepts:
    def accepts(value: object) -> bool:
        address = address_of(value) if isinstance(value, str) else None
        if address is None:
            return False
        return address[0] == matcher.version and address[1] >> matcher.host_bits == matcher.network

    return accepts
