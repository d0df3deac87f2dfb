"""Queries as DynamoDB's requests, and its pages, cut by bytes and with expired items in them, as the port's."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from cartwheel.kernel.cursor import cursor_after, position
from cartwheel.kernel.store import EXPIRES, MAX_PK_BYTES, MAX_SK_BYTES, InvalidWrite, Item, Page, Query, Scan

from .attributes import from_attributes
from .expressions import Expression
from .tables import DynamoTable

Ask = Callable[[dict[str, Any]], dict[str, Any]]  # sends a Query request, gives the answer

KEY: Final = ("PK", "SK")
READS: Final = 8  # requests at most for a page of a scan, each for twice as many items: then it ends, however short


def alive(item: Item) -> bool:
    """DynamoDB deletes expired items when it finds the time, some days later; until then they are hidden."""
    expires = item.get(EXPIRES)
    return expires is None or expires > int(time.time())


def page(ask: Ask, table: DynamoTable, query: Query) -> Page:
    """Exactly `limit` items unless there are no more. Raises InvalidWrite, InvalidCursor."""
    partition, sort = _attributes(table, query)
    request = _request(table, query, partition, sort)
    found: list[Item] = []
    for item in _items(ask, request) if request else ():
        if len(found) == query.limit:
            order = (sort,) if query.index is None else (sort, *KEY)
            return Page(found, cursor_after(query, [found[-1][attribute] for attribute in order]))
        found.append(item)
    return Page(found, None)


def scanned(ask: Ask, table: DynamoTable, scan: Scan) -> Page:
    """A page of a scan; of what it reads, few items may fit. Raises InvalidCursor."""
    if len(scan.prefix.encode()) > MAX_PK_BYTES:  # no key begins so, and DynamoDB would call the question wrong
        return Page([], None)
    expression, found = Expression(), list[Item]()
    request: dict[str, Any] = {"TableName": table.name, "ConsistentRead": True, "Limit": scan.limit + 1}
    if scan.prefix:
        request |= {"FilterExpression": expression.begins("PK", scan.prefix), **expression.placeholders()}
    if scan.cursor:
        request["ExclusiveStartKey"] = {n: {"S": text} for n, text in zip(KEY, position(scan), strict=True)}
    for _ in range(READS):
        answer = ask(request)
        for item in filter(alive, map(from_attributes, answer["Items"])):
            if len(found) == scan.limit:
                return Page(found, cursor_after(scan, [found[-1][attribute] for attribute in KEY]))
            found.append(item)
        if "LastEvaluatedKey" not in answer:
            return Page(found, None)
        request |= {"ExclusiveStartKey": answer["LastEvaluatedKey"], "Limit": 2 * request["Limit"]}
    return Page(found, cursor_after(scan, [request["ExclusiveStartKey"][attribute]["S"] for attribute in KEY]))


def _attributes(table: DynamoTable, query: Query) -> tuple[str, str]:
    if query.index is None:
        return KEY
    if query.index not in table.indexes:
        raise InvalidWrite(f"table {query.table!r} has no index {query.index!r}")
    return table.indexes[query.index]


def _items(ask: Ask, request: dict[str, Any]) -> Iterator[Item]:
    """Those alive. The requests grow, so that a great many expired ones in a row do not mean as many requests."""
    while True:
        answer = ask(request)
        yield from filter(alive, map(from_attributes, answer["Items"]))
        if "LastEvaluatedKey" not in answer:
            return
        request |= {"ExclusiveStartKey": answer["LastEvaluatedKey"], "Limit": 2 * request["Limit"]}


def _request(table: DynamoTable, query: Query, partition: str, sort: str) -> dict[str, Any] | None:
    """None when nothing can be found, and DynamoDB would call the question wrong."""
    place = position(query) if query.cursor else None
    side = _side(query, place[0]) if place else 0
    behind = side > 0 if query.forward else side < 0
    if behind or not _possible(query):
        return None
    expression = Expression()
    request: dict[str, Any] = {
        "TableName": table.name,
        "KeyConditionExpression": expression.keys(query, partition, sort),
        "ScanIndexForward": query.forward,
        "Limit": query.limit + 1,  # the one more tells whether there is a next page
        **expression.placeholders(),
    }
    request |= {"IndexName": query.index} if query.index else {"ConsistentRead": True}
    if place and side == 0:
        names = (sort,) if query.index is None else (sort, *KEY)
        start = {partition: query.pk, **dict(zip(names, place, strict=True))}
        request["ExclusiveStartKey"] = {name: {"S": text} for name, text in start.items()}
    return request


def _possible(query: Query) -> bool:
    """Whether any item can fit: texts that no key can be, and ranges that end before they begin, are no faults here."""
    low, high = query.between or ("", query.prefix or "x")
    sized = len(query.pk.encode()) <= MAX_PK_BYTES and len((query.prefix or "").encode()) <= MAX_SK_BYTES
    return bool(query.pk and high) and low <= high and sized


def _side(query: Query, sort: str) -> int:
    """Where the cursor is: before (-1), within or after (1) what the query asks for, in the order of text.

    A cursor from a wider list of the same partition is welcome; DynamoDB itself takes none from outside.
    """
    if query.prefix:
        return 0 if sort.startswith(query.prefix) else -1 if sort < query.prefix else 1
    if query.between:
        low, high = query.between
        return -1 if sort < low else 1 if sort > high else 0
    return 0
