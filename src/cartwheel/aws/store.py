"""The `Store` port on DynamoDB.

Several writes, and those that demand or add something, go as one transaction with a token of its own: however often
it is repeated because an answer got lost or others were at the same items, it is done once.
"""

import random
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from cartwheel.kernel.ids import new_id
from cartwheel.kernel.limits import check_key, check_page, check_query
from cartwheel.kernel.store import (
    InvalidCursor,
    InvalidWrite,
    Item,
    Key,
    Page,
    Query,
    Scan,
    StoreError,
    Write,
    in_turn,
)

from .attributes import from_attributes
from .errors import passes, store_error
from .queries import alive, page, scanned
from .tables import DynamoTable, Tables
from .writes import alone, check, key_attributes, refusal, together

ATTEMPTS: Final = 7
BACKOFF: Final = 0.02  # seconds at most before the second attempt, doubled before each further one: 1.3 s in all


class DynamoStore:
    """See the module's text. `client` is botocore's for DynamoDB; a function knows only the tables that it may use."""

    def __init__(self, client: Any, tables: Tables) -> None:
        self._client = client
        self._tables = tables

    def get(self, table: str, key: Key) -> Item | None:
        try:
            check_key(key)
        except InvalidWrite:  # nothing can be there
            return None
        request = {"TableName": self._table(table).name, "Key": key_attributes(key), "ConsistentRead": True}
        answer = _ask(self._client.get_item, request)
        item = from_attributes(answer["Item"]) if "Item" in answer else None
        return item if item and alive(item) else None

    def query(self, query: Query) -> Page:
        check_query(query)
        table = self._table(query.table)
        try:
            return page(lambda request: _ask(self._client.query, request), table, query)
        except InvalidWrite as invalid:
            if query.cursor:  # all else in a query is the code's own and would be wrong without a cursor too
                raise InvalidCursor("not a cursor of this list") from invalid
            raise

    def scan(self, scan: Scan) -> Page:
        check_page(scan)
        table = self._table(scan.table)
        try:
            return scanned(lambda request: _ask(self._client.scan, request), table, scan)
        except InvalidWrite as invalid:
            if scan.cursor:  # as above
                raise InvalidCursor("not a cursor of this list") from invalid
            raise

    def transact(self, writes: Sequence[Write]) -> None:
        check(writes, self._tables)
        single = alone(writes[0]) if len(writes) == 1 else None
        if single:
            method, request = single
            _ask(getattr(self._client, method), {"TableName": self._tables[writes[0].table].name, **request})
            return
        items = [together(write, self._tables[write.table].name) for write in writes]
        try:
            # The same token at every attempt: if an earlier one was done after all, the next one only says so.
            _send(self._client.transact_write_items, {"TransactItems": items, "ClientRequestToken": new_id()})
        except BotoCoreError as error:
            raise store_error(error) from error
        except ClientError as error:
            raise refusal(error, writes) from error

    def transact_each(self, transactions: Sequence[Sequence[Write]]) -> list[StoreError | None]:
        return in_turn(self.transact, transactions)

    def _table(self, name: str) -> DynamoTable:
        if name not in self._tables:
            raise InvalidWrite(f"there is no table {name!r}")
        return self._tables[name]


def _ask(method: Callable[..., dict[str, Any]], request: dict[str, Any]) -> dict[str, Any]:
    try:
        return _send(method, request)
    except (BotoCoreError, ClientError) as error:
        raise store_error(error) from error


def _send(method: Callable[..., dict[str, Any]], request: dict[str, Any]) -> dict[str, Any]:
    """The SDK repeats what was throttled or not answered; this, what met other transactions at the same items."""
    for attempt in range(ATTEMPTS - 1):
        try:
            return method(**request)
        except ClientError as error:
            if not passes(error):
                raise
        time.sleep(random.uniform(0, BACKOFF * 2**attempt))
    return method(**request)
