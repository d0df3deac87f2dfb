"""The orders table: an item per order, found by id, by customer (newest first) and by deadline (the next first)."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.conditions import Condition, Equals, NotExists
from cartwheel.kernel.store import Key, Put, Query, Scan, Store

from .model import Order

TABLE: Final = "ordering"
SHARDS: Final = 4  # no index key of its own becomes hot


def key(order_id: str) -> Key:
    text = f"ORDER#{order_id}"
    return Key(text, text)


def find(store: Store, order_id: str) -> Order | None:
    item = store.get(TABLE, key(order_id))
    return Order.model_validate(item) if item else None


def create(order: Order) -> Put:
    """A new order: never in the place of another one."""
    return _put(order, order.version, NotExists())


def save(order: Order) -> Put:
    """The next version of the order that was read: never over a change made since."""
    return _put(order, order.version + 1, Equals("version", order.version))


def _put(order: Order, version: int, condition: Condition) -> Put:
    order_key = key(order.order_id)
    item: dict[str, Any] = {
        "PK": order_key.pk,
        "SK": order_key.sk,
        **order.model_dump(mode="json", by_alias=True, exclude_none=True),
        "version": version,
    }
    if order.customer_id:
        item["customerKey"] = _customer_key(order.customer_id)
        item["placedKey"] = f"{order.created_at}#{order.order_id}"
    if order.deadline:
        item["deadlineShard"] = f"DEADLINE#{int(order.order_id[-1], 16) % SHARDS}"
        item["deadlineKey"] = f"{order.deadline}#{order.order_id}"
    return Put(TABLE, item, condition)


def of_customer(
    store: Store, customer_id: str, days: tuple[date, date], limit: int, cursor: str | None
) -> tuple[list[Order], str | None]:
    """A page of a customer's orders from the first to the last day (UTC, both included), and its `next`."""
    between = (f"{days[0]}", f"{days[1]}~")  # "~" sorts after any time of that day
    partition = _customer_key(customer_id)
    query = Query(TABLE, partition, "by-customer", between=between, limit=limit, forward=False, cursor=cursor)
    page = store.query(query)
    return [Order.model_validate(item) for item in page.items], page.next


def all_orders(cursor: str | None) -> Scan:
    return Scan(TABLE, "ORDER#", cursor=cursor)


def _customer_key(customer_id: str) -> str:
    return f"CUSTOMER#{customer_id}"


def overdue(store: Store, at: datetime, most: int) -> Iterator[str]:
    """Ids of orders whose deadline has passed, longest ago first within each shard; at most so many."""
    for shard in range(SHARDS):
        past = ("0", timestamp(at))
        page = store.query(Query(TABLE, f"DEADLINE#{shard}", "by-deadline", between=past, limit=most // SHARDS))
        yield from (item["orderId"] for item in page.items)
