"""What may be written, on either host: the rules and limits of items and keys that need no database to check."""

from typing import Any

from .store import (
    EXPIRES,
    MAX_INTEGER,
    MAX_ITEM_DEPTH,
    MAX_PK_BYTES,
    MAX_SK_BYTES,
    InvalidWrite,
    Item,
    Key,
    Update,
)


def check_key(key: Key) -> None:
    """Raises InvalidWrite."""
    for name, value, most in (("PK", key.pk, MAX_PK_BYTES), ("SK", key.sk, MAX_SK_BYTES)):
        if not (isinstance(value, str) and value):
            raise InvalidWrite(f"{name} must be text, not empty")
        try:
            length = len(value.encode())
        except UnicodeEncodeError:
            raise InvalidWrite(f"{name} is not valid Unicode") from None
        if length > most:
            raise InvalidWrite(f"{name} has {length} bytes, more than the {most} allowed")


def check_update(change: Update) -> None:
    """Raises InvalidWrite when it cannot be applied to any item."""
    attributes = [*change.set, *change.add, *change.remove]
    if len(set(attributes)) < len(attributes):
        raise InvalidWrite("an update must not change an attribute twice")
    if not {"PK", "SK"}.isdisjoint(attributes):
        raise InvalidWrite("an update cannot change the key; delete the item and put another")


def check_item(item: Item) -> None:
    """Raises InvalidWrite for what JSON or DynamoDB would not keep as it is."""
    _check_value(item, 0)
    expires = item.get(EXPIRES)
    if expires is not None and type(expires) is not int:
        raise InvalidWrite(f"{EXPIRES} must be whole seconds since 1970")


def _check_value(value: Any, depth: int) -> None:
    if type(value) is str:  # most values are; said first, since every stored value passes here
        return
    if depth > MAX_ITEM_DEPTH:
        raise InvalidWrite(f"the item is nested deeper than {MAX_ITEM_DEPTH} levels")
    if isinstance(value, dict):
        for inner in value.values():
            _check_value(inner, depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_value(inner, depth + 1)
    elif isinstance(value, int):
        if not -MAX_INTEGER - 1 <= value <= MAX_INTEGER:
            raise InvalidWrite("an integer must fit into 64 bits, with its sign")
    elif not (value is None or isinstance(value, str)):
        raise InvalidWrite(f"a {type(value).__name__} cannot be stored; use an integer or text")
