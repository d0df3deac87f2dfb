"""A walk through a whole table in stretches: each fits into one invocation, and its cursor leads to the next."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeVar

from .store import Item, Scan, Store

Kept = TypeVar("Kept")

ENOUGH: Final = 100  # kept things, after which a stretch ends
PAGES: Final = 30  # … and after so many pages, however little was kept


def stretch(store: Store, scan: Scan, keep: Callable[[Item], Kept | None]) -> tuple[list[Kept], str | None]:
    """What is kept of the next stretch, and the cursor of the one after; None at the end."""
    kept: list[Kept] = []
    for _ in range(PAGES):
        page = store.scan(scan)
        kept += [thing for item in page.items if (thing := keep(item)) is not None]
        scan = replace(scan, cursor=page.next)
        if page.next is None or len(kept) >= ENOUGH:
            break
    return kept, scan.cursor
