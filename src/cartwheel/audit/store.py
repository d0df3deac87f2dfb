"""The audit's table: one chain, one partition; an index lists what one person did.

CHAIN    ENTRY#000000000001   an entry; never written again
CHAIN    HEAD                 how far the chain is; who appends moves it on, on the condition that nobody else has
"""

from typing import Final

from cartwheel.kernel.conditions import AllOf, Condition, Equals, NotExists
from cartwheel.kernel.store import Item, Key, Page, Put, Query, Store

from .model import DIGITS, Entry, Head

TABLE: Final = "audit"
BY_WHO: Final = "by-who"
CHAIN: Final = "CHAIN"
HEAD: Final = Key(CHAIN, "HEAD")
LAST: Final = 10**DIGITS - 1


def entry_key(seq: int) -> Key:
    return Key(CHAIN, f"ENTRY#{seq:0{DIGITS}}")


def find_head(store: Store) -> Head:
    """That of an empty chain, when there is none."""
    item = store.get(TABLE, HEAD)
    return Head(item["seq"], item["hash"], item["recordedAt"]) if item else Head()


def append(head: Head, entry: Entry) -> tuple[Put, Put]:
    """The entry, and the head behind it. Of two who append to the same head, one fails."""
    key = entry_key(entry.seq)
    stored = {"seq": entry.seq, "hash": entry.hash, "recordedAt": entry.recorded_at}
    item: Item = {"PK": key.pk, "SK": key.sk, "entry": entry.text, **stored, "who": entry.who, "whoKey": key.sk}
    unmoved: Condition = AllOf((Equals("seq", head.seq), Equals("hash", head.hash))) if head.seq else NotExists()
    return Put(TABLE, item, NotExists()), Put(TABLE, {"PK": HEAD.pk, "SK": HEAD.sk, **stored}, unmoved)


def page(store: Store, who: str | None, seqs: tuple[int, int], limit: int, cursor: str | None) -> Page:
    """Entries from the first to the last seq, both included, oldest first."""
    first, last = (entry_key(seq).sk for seq in seqs)
    pk, index = (who, BY_WHO) if who else (CHAIN, None)
    return store.query(Query(TABLE, pk, index, between=(first, last), limit=limit, cursor=cursor))


def first_since(store: Store, moment: str) -> int:
    """The seq of the first entry that was recorded at the moment or later; that behind the last, if none was.

    Times never go back along the chain, so a few entries tell.
    """
    low, high = 1, find_head(store).seq + 1
    while low < high:
        middle = (low + high) // 2
        item = store.get(TABLE, entry_key(middle))
        if item and item["recordedAt"] < moment:
            low = middle + 1
        else:
            high = middle
    return low
