"""Items in DynamoDB's typed form, both ways. Integers are exact; there are no floats."""

from collections.abc import Mapping
from typing import Any

from cartwheel.kernel.store import InvalidWrite, Item

Typed = dict[str, Any]  # {"S": "text"}, {"N": "5"}, {"BOOL": True}, {"NULL": True}, {"L": […]}, {"M": {…}}


def to_typed(value: Any) -> Typed:
    """Raises InvalidWrite for what `check_item` does not look at: names that are no text."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):  # before the integers, of which Python thinks it is one
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if value is None:
        return {"NULL": True}
    if isinstance(value, dict):
        return {"M": to_attributes(value)}
    return {"L": [to_typed(inner) for inner in value]}


def to_attributes(item: Item) -> dict[str, Typed]:
    """The whole item, which `check_item` has seen. Raises InvalidWrite."""
    for name in item:
        if not isinstance(name, str):
            raise InvalidWrite(f"a {type(name).__name__} cannot name an attribute; use text")
    return {name: to_typed(value) for name, value in item.items()}


def from_typed(typed: Mapping[str, Any]) -> Any:
    ((kind, value),) = typed.items()
    match kind:
        case "N":
            return int(value)
        case "NULL":
            return None
        case "L":
            return [from_typed(inner) for inner in value]
        case "M":
            return from_attributes(value)
        case _:
            return value


def from_attributes(attributes: Mapping[str, Typed]) -> Item:
    return {name: from_typed(typed) for name, typed in attributes.items()}
