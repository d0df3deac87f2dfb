"""The one error of this package, and the shape of its message."""

from collections.abc import Mapping


class InvalidPattern(ValueError):
    """A pattern EventBridge would refuse: the message says where, what is wrong and what to write."""


def invalid(where: str, problem: str, remedy: str) -> InvalidPattern:
    """The error to raise, its three parts always in the same order."""
    return InvalidPattern(f"{where}: {problem}; {remedy}")


def kind_of(value: object) -> str:
    """What a value is called in JSON: the author of a pattern need not know Python's names."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, list | tuple):
        return "an array"
    if isinstance(value, Mapping):
        return "an object"
    return "a number" if isinstance(value, int | float) else f"a {type(value).__name__}"
