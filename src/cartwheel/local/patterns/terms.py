"""What a pattern says once its notation is gone: small immutable terms without behaviour."""

from dataclasses import dataclass
from decimal import Decimal
from math import nan
from typing import TypeAlias

INTEGER_DIGITS = 40

Number: TypeAlias = int | float
Scalar: TypeAlias = str | Number | bool | None


@dataclass(frozen=True, slots=True)
class Exact:
    value: Scalar


@dataclass(frozen=True, slots=True)
class Prefix:
    text: str
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class Suffix:
    text: str
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class EqualsIgnoreCase:
    text: str


@dataclass(frozen=True, slots=True)
class Wildcard:
    """The literal pieces between the ``*``s: ``a*b*`` is ``("a", "b", "")``."""

    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Numeric:
    low: Number
    high: Number
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True, slots=True)
class Cidr:
    """A network by the leading bits every address in it shares."""

    version: int
    host_bits: int
    network: int


@dataclass(frozen=True, slots=True)
class Exists:
    present: bool


@dataclass(frozen=True, slots=True)
class AnythingBut:
    """A value that is there and that none of these terms accepts."""

    refused: tuple["Exact | Text", ...]


Text: TypeAlias = Prefix | Suffix | EqualsIgnoreCase | Wildcard
Matcher: TypeAlias = Exact | Text | Numeric | Cidr | Exists | AnythingBut


@dataclass(frozen=True, slots=True)
class Field:
    """One leaf of a pattern: the dotted path, and the matchers of which any may accept."""

    path: str
    matchers: tuple[Matcher, ...]


Alternative: TypeAlias = tuple[Field, ...]
"""Fields that must all hold. A pattern with ``$or`` is several of these, any of which is enough."""


def as_number(value: object) -> Number | None:
    """The value as a number, or ``None``: in JSON ``true`` is not 1, though Python says it is."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    return _plain(value) if isinstance(value, Decimal) else None


def _plain(value: Decimal) -> Number:
    """What the same digits are when JSON is read without decimals, so that the two compare equal."""
    if not value.is_finite():
        return nan
    # A huge exponent is left to floats: as an integer it would take memory by the gigabyte.
    if value.adjusted() < INTEGER_DIGITS and value == value.to_integral_value():
        return int(value)
    return float(value)
