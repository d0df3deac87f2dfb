"""What a slice tells for a customer's export: its content travels as an event, sealed for the customer."""

import json
from collections.abc import Callable
from typing import Any, Final

from .store import Store
from .vault import seal_known

CONTENT: Final = "export"  # the purpose it is sealed for
MOST_ITEMS: Final = 50
MOST_BYTES: Final = 150_000  # of JSON: sealed it is a third longer, and an event has 256 KiB

Items = list[dict[str, Any]]


def fitting(page: Callable[[int], tuple[Items, str | None]]) -> tuple[Items, str | None]:
    """A page that has room in an event, and the cursor of the next; `page` answers both for a limit."""
    limit = MOST_ITEMS
    items, following = page(limit)
    while limit > 1 and len(_text(items).encode()) > MOST_BYTES:
        limit //= 2
        items, following = page(limit)
    return items, following


def sealed_content(store: Store, customer_id: str, items: Items) -> str | None:
    """None for a customer who was erased since they asked: there is nobody to tell it to."""
    return seal_known(store, customer_id, CONTENT, _text(items))


def _text(items: Items) -> str:
    return json.dumps(items, ensure_ascii=False, separators=(",", ":"))
