"""Writes as DynamoDB's requests. All rules that hold on either host are checked before anything is sent."""

import json
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from cartwheel.kernel.limits import (
    check_count,
    check_distinct,
    check_indexed,
    check_item,
    check_size,
    check_sizes,
    check_write,
)
from cartwheel.kernel.store import (
    Check,
    ConditionFailed,
    Delete,
    InvalidWrite,
    Item,
    Key,
    Put,
    StoreError,
    Update,
    Write,
)

from .attributes import Typed, from_attributes, to_attributes
from .errors import CANCELLED, code, reasons, store_error
from .expressions import Expression, joined
from .tables import Tables


def check(writes: Sequence[Write], tables: Tables) -> None:
    """Raises InvalidWrite. What an update makes of an item that is stored, only DynamoDB can check."""
    check_count(writes)
    for write in writes:
        check_write(write, tables)
    check_distinct([(write.table, write.key.pk, write.key.sk) for write in writes])
    check_sizes([_size(write, tables) for write in writes])


def _size(write: Write, tables: Tables) -> int:
    """Of what is to be stored, in bytes of JSON; raises InvalidWrite when it cannot be."""
    content = write.item if isinstance(write, Put) else write.set if isinstance(write, Update) else {}
    check_item(content)
    check_indexed(content, tables[write.table].indexed)
    try:
        size = len(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())
    except (TypeError, UnicodeEncodeError) as error:
        raise InvalidWrite(f"the item cannot be stored: {error}") from None
    check_size(size)
    return size


def key_attributes(key: Key) -> dict[str, Typed]:
    return {"PK": {"S": key.pk}, "SK": {"S": key.sk}}


def alone(write: Write) -> tuple[str, dict[str, Any]] | None:
    """The client's method and request for a write that needs no transaction: half the price.

    Only what asks for nothing may go so. The SDK repeats a request whose answer got lost, and finding its own write
    there a condition would fail, and an addition be made twice; a transaction has a token against that.
    """
    match write:
        case Put(condition=None):
            return "put_item", {"Item": to_attributes(write.item)}
        case Delete(condition=None):
            return "delete_item", {"Key": key_attributes(write.key)}
        case _:
            return None


def together(write: Write, table: str) -> dict[str, Any]:
    """The write as an entry of a transaction."""
    expression = Expression()
    demands = [expression.condition(write.condition)] if write.condition else []
    request: dict[str, Any] = {"TableName": table}
    match write:
        case Put():
            action = "Put"
            request["Item"] = to_attributes(write.item)
        case Update():
            action = "Update"
            demands += expression.addable(write)
            request |= {"Key": key_attributes(write.key), "UpdateExpression": expression.update(write)}
            if write.add:  # the item tells which demand it was that failed
                request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        case Delete() | Check():
            action = "Delete" if isinstance(write, Delete) else "ConditionCheck"
            request["Key"] = key_attributes(write.key)
    if demands:
        request["ConditionExpression"] = joined("AND", demands)
    return {action: request | expression.placeholders()}


def refusal(error: ClientError, writes: Sequence[Write]) -> StoreError:
    """Why a transaction was not done."""
    if code(error) != CANCELLED:
        return store_error(error)
    refused = {
        position: from_attributes(reason.get("Item", {})) or None
        for position, reason in enumerate(reasons(error))
        if reason.get("Code") == "ConditionalCheckFailed"
    }
    failed = [position for position, item in refused.items() if not _only_sum_failed(writes[position], item)]
    if failed:
        return ConditionFailed(failed)
    if refused:
        return InvalidWrite("an attribute that is added to is no integer, or the sum has more than 64 bits")
    return store_error(error)


def _only_sum_failed(write: Write, item: Item | None) -> bool:
    """Whether it was not the caller's condition that failed but what `Expression.addable` demands."""
    return isinstance(write, Update) and bool(write.add) and (write.condition is None or write.condition.holds(item))
