"""The operands of ``numeric`` and ``cidr``, and what a number in a pattern may be."""

from decimal import Decimal
from ipaddress import ip_network
from typing import TypeAlias

from .errors import InvalidPattern, invalid, kind_of
from .terms import Cidr, Number, Numeric, as_number

LIMIT = 5_000_000_000
DECIMALS = 6

Items: TypeAlias = "list[object] | tuple[object, ...]"


def parse_numeric(operand: object, where: str) -> Numeric:
    if not isinstance(operand, list | tuple) or len(operand) not in (2, 4):
        remedy = 'write ["=", 5], [">=", 5] or [">", 0, "<=", 5]'
        raise invalid(where, "the operand is not one or two pairs of a comparison and a number", remedy)
    for comparison in operand[::2]:
        if comparison not in ("=", "<", "<=", ">", ">="):
            raise invalid(where, f"{_shown(comparison)} is not a comparison", "use one of =, <, <=, >, >=")
    bounds = [parse_bound(bound, where) for bound in operand[1::2]]
    return _one_sided(operand[0], bounds[0], where) if len(operand) == 2 else _range(operand, bounds, where)


def _one_sided(comparison: object, bound: Number, where: str) -> Numeric:
    if comparison == "=":
        return Numeric(bound, bound)
    if comparison in (">", ">="):
        return _room(Numeric(bound, LIMIT, low_open=comparison == ">"), where)
    return _room(Numeric(-LIMIT, bound, high_open=comparison == "<"), where)


def _range(operand: Items, bounds: list[Number], where: str) -> Numeric:
    if operand[0] not in (">", ">=") or operand[2] not in ("<", "<="):
        remedy = 'write the lower bound first: [">", 0, "<=", 5]'
        raise invalid(where, "a range is a lower bound and then an upper one", remedy)
    low, high = bounds
    return _room(Numeric(low, high, low_open=operand[0] == ">", high_open=operand[2] == "<"), where)


def _room(term: Numeric, where: str) -> Numeric:
    """EventBridge refuses even ``>= 5, <= 5``, which a single value could meet."""
    if term.low >= term.high:
        problem = f"no room between the lower bound {term.low} and the upper bound {term.high}"
        raise invalid(where, problem, 'make the lower bound less than the upper, or use ["=", n]')
    return term


def _shown(comparison: object) -> str:
    return f'"{comparison}"' if isinstance(comparison, str) else kind_of(comparison)


def parse_bound(value: object, where: str) -> Number:
    """A number EventBridge can compare by size."""
    number = as_number(value)
    if number is None:
        raise invalid(where, f"{kind_of(value)} is not a number", "write numbers, without quotes")
    if not -LIMIT <= number <= LIMIT:
        raise invalid(where, "a number is out of range", f"stay between {-LIMIT} and {LIMIT}")
    exponent = Decimal(str(number)).normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -DECIMALS:
        problem = f"{number} is too precise"
        raise invalid(where, problem, f"use at most {DECIMALS} digits after the decimal point")
    return number


def parse_cidr(operand: object, where: str) -> Cidr:
    if not isinstance(operand, str):
        raise invalid(where, f"{kind_of(operand)} is not a string", 'write one string: "10.0.0.0/24"')
    address, _, bits = operand.partition("/")
    if not (bits.isascii() and bits.isdecimal()) or "%" in address:
        raise _bad_cidr(operand, where)
    try:
        network = ip_network(operand, strict=False)
    except ValueError:
        raise _bad_cidr(operand, where) from None
    host_bits = network.max_prefixlen - network.prefixlen
    return Cidr(network.version, host_bits, int(network.network_address) >> host_bits)


def _bad_cidr(text: str, where: str) -> InvalidPattern:
    remedy = 'write address/bits: "10.0.0.0/24", "2001:db8::/32"'
    return invalid(where, f'"{text}" is not a CIDR block', remedy)
