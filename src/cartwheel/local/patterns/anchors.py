"""Anchors: the facts about an event a rule can be found by, without testing the rule."""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple, TypeAlias

from .matchers import exact_key, fold
from .terms import (
    Cidr,
    EqualsIgnoreCase,
    Exact,
    Exists,
    Field,
    Matcher,
    Number,
    Numeric,
    Prefix,
    Suffix,
    Wildcard,
)

INFIX_LENGTH = 8
"""How much of the middle of a wildcard is looked up: every length costs a pass over the value."""


class Kind(Enum):
    """How a value is looked up, with what a find by it is worth: a low weight narrows down best."""

    EXACT = 1.0
    FOLDED = 1.1
    NETWORK = 1.5
    PREFIX = 2.0
    SUFFIX = 2.1
    FOLDED_PREFIX = 2.2
    FOLDED_SUFFIX = 2.3
    RANGE = 2.5
    INFIX = 3.0
    PRESENT = 8.0


class Anchor(NamedTuple):
    kind: Kind
    key: object


class Option(NamedTuple):
    """Anchors on one path of which at least one holds whenever the field is met."""

    path: str
    anchors: tuple[Anchor, ...]


Span: TypeAlias = tuple[Number, Number]
PRESENT = Anchor(Kind.PRESENT, None)


def options_of(fields: Sequence[Field]) -> tuple[Option, ...]:
    """The ways to find an alternative. There are none if absence alone can meet it."""
    return tuple(option for field in fields for option in _options(field))


def _options(field: Field) -> list[Option]:
    if Exists(False) in field.matchers:
        return []
    choices = [_choices(matcher) for matcher in field.matchers]
    most = max(len(each) for each in choices)
    # One option takes the first choice of every term, the next the second of those that have one, and so on.
    sets = [[each[min(place, len(each) - 1)] for each in choices] for place in range(most)]
    return [Option(field.path, _together(anchors)) for anchors in sets]


def _together(anchors: list[Anchor]) -> tuple[Anchor, ...]:
    return (PRESENT,) if PRESENT in anchors else tuple(dict.fromkeys(anchors))


def _choices(matcher: Matcher) -> list[Anchor]:
    """The anchors of one term, each of which holds whenever the term accepts."""
    match matcher:
        case Exact(value):
            return [Anchor(Kind.EXACT, exact_key(value))]
        case EqualsIgnoreCase(text):
            return [Anchor(Kind.FOLDED, fold(text))]
        case Prefix(text, ignore_case):
            return [Anchor(Kind.FOLDED_PREFIX, fold(text)) if ignore_case else Anchor(Kind.PREFIX, text)]
        case Suffix(text, ignore_case):
            return [Anchor(Kind.FOLDED_SUFFIX, fold(text)) if ignore_case else Anchor(Kind.SUFFIX, text)]
        case Wildcard(pieces):
            return _wildcard_choices(pieces)
        case Numeric(low, high):
            return [Anchor(Kind.EXACT, low) if low == high else Anchor(Kind.RANGE, (low, high))]
        case Cidr(version, host_bits, network):
            return [Anchor(Kind.NETWORK, (version, host_bits, network))]
        case _:
            return [PRESENT]


def _wildcard_choices(pieces: tuple[str, ...]) -> list[Anchor]:
    if len(pieces) == 1:
        return [Anchor(Kind.EXACT, pieces[0])]
    first, *middle, last = pieces
    inner = max(middle, key=len, default="")[:INFIX_LENGTH]
    choices = [Anchor(Kind.PREFIX, first), Anchor(Kind.SUFFIX, last), Anchor(Kind.INFIX, inner)]
    return [anchor for anchor in choices if anchor.key] or [PRESENT]
