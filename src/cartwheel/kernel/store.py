"""The `Store` port: items under PK and SK, conditions, transactions, indexes, expiry.

It is what DynamoDB gives, no more, so that the same slice runs on either host:

- an item is a dict of JSON values without floats, its integers signed 64-bit ones; `PK` and `SK` are text, not empty;
  `expiresAt` (epoch seconds) ends it; the attributes of an index are text, not empty, or not there;
- a write may carry a condition; `transact` applies all writes or none, and never two writes to one key;
- reads by key are consistent; reads through an index may lag behind the writes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, Protocol

from .conditions import Condition

Item = dict[str, Any]

MAX_PK_BYTES: Final = 2048
MAX_SK_BYTES: Final = 1024
MAX_ITEM_BYTES: Final = 400 * 1024
MAX_ITEM_DEPTH: Final = 32
MAX_INTEGER: Final = 2**63 - 1
MAX_TRANSACTION_ITEMS: Final = 100
MAX_TRANSACTION_BYTES: Final = 4 * 1024 * 1024
EXPIRES: Final = "expiresAt"

Action = Literal["get", "query", "scan", "put", "update", "delete", "check"]
QUERY: Final = "query "  # … and the name of an index


@dataclass(frozen=True, slots=True)
class Key:
    """The primary key of an item."""

    pk: str
    sk: str


@dataclass(frozen=True, slots=True)
class Put:
    """Store the whole item, replacing one of the same key."""

    table: str
    item: Item
    condition: Condition | None = None
    action: Action = field(default="put", init=False, repr=False)

    @property
    def key(self) -> Key:
        return Key(self.item.get("PK", ""), self.item.get("SK", ""))


@dataclass(frozen=True, slots=True)
class Update:
    """Set, add to and remove attributes in place, each attribute once; an item that is not there is made.

    `add` treats a missing attribute as 0.
    """

    table: str
    key: Key
    set: dict[str, Any] = field(default_factory=dict)
    add: dict[str, int] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    condition: Condition | None = None
    action: Action = field(default="update", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove the item; removing what is not there is no error."""

    table: str
    key: Key
    condition: Condition | None = None
    action: Action = field(default="delete", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class Check:
    """Change nothing, but let the transaction fail unless the condition holds."""

    table: str
    key: Key
    condition: Condition
    action: Action = field(default="check", init=False, repr=False)


Write = Put | Update | Delete | Check


@dataclass(frozen=True, slots=True)
class Query:
    """Items of one partition (of the table or of an index) in sort-key order.

    `cursor` is what an earlier page's `next` gave; `between` includes both ends and excludes a `prefix`.
    """

    table: str
    pk: str
    index: str | None = None
    prefix: str | None = None
    between: tuple[str, str] | None = None
    limit: int = 100
    forward: bool = True
    cursor: str | None = None

    @property
    def action(self) -> str:
        """What a function declares that asks this: an index is one thing, the table another."""
        return f"{QUERY}{self.index}" if self.index else "query"


@dataclass(frozen=True, slots=True)
class Scan:
    """The items of a table whose PK begins with the prefix, in no promised order; all of them when it is empty.

    It reads the whole table, whatever the prefix: for repairs and comparisons, never to answer a customer. A page has
    `limit` items at most; it may have fewer, or none, and be followed by others. `cursor` is an earlier page's `next`.
    """

    table: str
    prefix: str
    limit: int = 100
    cursor: str | None = None
    action: Action = field(default="scan", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of items; `next` is None after the last one."""

    items: list[Item]
    next: str | None


class StoreError(Exception):
    """The store refused or failed; nothing was written, unless the text says that the answer got lost on its way."""


class ConditionFailed(StoreError):
    """The condition of at least one write did not hold; `failed` are the positions of those writes."""

    def __init__(self, failed: Sequence[int]):
        super().__init__(f"condition failed for write {', '.join(map(str, failed))}")
        self.failed = tuple(failed)

    def __reduce__(self) -> tuple[type["ConditionFailed"], tuple[tuple[int, ...]]]:
        return type(self), (self.failed,)


class InvalidWrite(StoreError):
    """The write breaks a limit or rule of the store: a fault of the caller's code."""


class InvalidCursor(StoreError):
    """The cursor was not made by this query or scan."""


class AccessDenied(StoreError):
    """The function has not declared this access in the map."""


class Store(Protocol):
    """See the module's text. Every method may raise StoreError."""

    def get(self, table: str, key: Key) -> Item | None:
        """The item, or None when there is none or it has expired. Consistent."""

    def query(self, query: Query) -> Page:
        """One page of the query's items, without expired ones."""

    def scan(self, scan: Scan) -> Page:
        """One page of the scan's items, without expired ones. Consistent."""

    def transact(self, writes: Sequence[Write]) -> None:
        """Apply all writes or none; durable on return. Raises ConditionFailed, InvalidWrite."""

    def transact_each(self, transactions: Sequence[Sequence[Write]]) -> list[StoreError | None]:
        """Several transactions in turn, each for itself: None where it was applied, else why it was not."""


def in_turn(
    transact: Callable[[Sequence[Write]], None], transactions: Sequence[Sequence[Write]]
) -> list[StoreError | None]:
    """`transact_each` for a store that has nothing better than to do them one by one."""
    outcomes: list[StoreError | None] = []
    for writes in transactions:
        try:
            transact(writes)
            outcomes.append(None)
        except StoreError as refused:
            outcomes.append(refused)
    return outcomes


def query_all(store: Store, query: Query) -> Iterator[Item]:
    """Every item of the query, page after page."""
    while True:
        page = store.query(query)
        yield from page.items
        if page.next is None:
            return
        query = replace(query, cursor=page.next)


def scan_all(store: Store, scan: Scan) -> Iterator[Item]:
    """Every item of the scan, page after page."""
    while True:
        page = store.scan(scan)
        yield from page.items
        if page.next is None:
            return
        scan = replace(scan, cursor=page.next)
