"""What may be written, on either host: the rules and limits of items and keys that need no database to check."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from .store import (
    EXPIRES,
    MAX_INTEGER,
    MAX_ITEM_BYTES,
    MAX_ITEM_DEPTH,
    MAX_PK_BYTES,
    MAX_SK_BYTES,
    MAX_TRANSACTION_BYTES,
    MAX_TRANSACTION_ITEMS,
    InvalidWrite,
    Item,
    Key,
    Query,
    Scan,
    Update,
    Write,
)

MAX_PAGE: Final = 1000


def check_page(listed: Query | Scan) -> None:
    """Raises InvalidWrite."""
    if not 1 <= listed.limit <= MAX_PAGE:
        raise InvalidWrite(f"a page has 1 to {MAX_PAGE} items")


def check_query(query: Query) -> None:
    """Raises InvalidWrite."""
    check_page(query)
    if query.prefix and query.between:
        raise InvalidWrite("a query takes a prefix or a range, not both")


def check_count(writes: Sequence[Write]) -> None:
    """Raises InvalidWrite."""
    if not 1 <= len(writes) <= MAX_TRANSACTION_ITEMS:
        raise InvalidWrite(f"a transaction has 1 to {MAX_TRANSACTION_ITEMS} writes, not {len(writes)}")


def check_distinct(keys: Sequence[tuple[str, str, str]]) -> None:
    """Table, PK and SK of each write. Raises InvalidWrite."""
    if len(set(keys)) < len(keys):
        raise InvalidWrite("a transaction must not write an item twice")


def check_write(write: Write, tables: Collection[str]) -> None:
    """All but the item of a put. Raises InvalidWrite."""
    if write.table not in tables:
        raise InvalidWrite(f"there is no table {write.table!r}")
    check_key(write.key)
    if isinstance(write, Update):
        check_update(write)


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
    for attribute, amount in change.add.items():
        if type(amount) is not int or not -MAX_INTEGER - 1 <= amount <= MAX_INTEGER:
            raise InvalidWrite(f"what is added to {attribute!r} must be an integer of 64 bits")


def check_size(length: int) -> None:
    """Of an item as JSON, in bytes. Raises InvalidWrite."""
    if length > MAX_ITEM_BYTES:
        raise InvalidWrite(f"the item has {length} bytes, more than the {MAX_ITEM_BYTES} allowed")


def check_sizes(lengths: Iterable[int]) -> None:
    """Of the items of a transaction. Raises InvalidWrite."""
    if sum(lengths) > MAX_TRANSACTION_BYTES:
        raise InvalidWrite(f"a transaction holds at most {MAX_TRANSACTION_BYTES} bytes")


def check_indexed(item: Item, attributes: Collection[str]) -> None:
    """Of an item, or of what is set in it, the attributes that indexes need. Raises InvalidWrite."""
    for attribute in attributes:
        if attribute in item and not (isinstance(item[attribute], str) and item[attribute]):
            raise InvalidWrite(f"the indexed attribute {attribute!r} must be text, not empty")


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
