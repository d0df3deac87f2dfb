"""The notification table: `MAIL#<messageId>`, found by customer, and the mailbox: the index `by-time`, one partition a
month.

A mail leaves the mailbox by expiry, after a year; so thirteen months hold it all.
"""

from collections.abc import Iterator
from typing import Final

from cartwheel.kernel.conditions import Equals, NotExists
from cartwheel.kernel.store import Key, Put, Query, Store, query_all
from cartwheel.kernel.vault import owner_of

from .model import Mail, MailState

TABLE: Final = "notification"
MONTHS: Final = 13


def _key(message_id: str) -> Key:
    return Key(f"MAIL#{message_id}", f"MAIL#{message_id}")


def read(store: Store, message_id: str) -> Mail | None:
    item = store.get(TABLE, _key(message_id))
    return Mail.model_validate(item) if item else None


def add(mail: Mail) -> Put:
    """Store a new mail; fails when it was written before."""
    return Put(TABLE, _item(mail), NotExists())


def deliver(mail: Mail) -> Put:
    """Store that a queued mail is delivered."""
    return Put(TABLE, _item(mail), Equals("state", MailState.QUEUED.value))


def position(mail: Mail) -> str:
    """The mail's place in the mailbox: text order is time order."""
    return f"{mail.created_at}#{mail.message_id}"


def newest_first(store: Store, before: str, limit: int) -> Iterator[Mail]:
    """The mails before the position, a page of `limit` read at a time."""
    month = before[:7]
    for _ in range(MONTHS):
        query = Query(TABLE, f"MAILBOX#{month}", index="by-time", between=("0", before), limit=limit, forward=False)
        yield from (Mail.model_validate(item) for item in query_all(store, query) if item["mailboxKey"] < before)
        month = _previous(month)


def to_owner(store: Store, customer_id: str, limit: int, cursor: str | None) -> tuple[list[Mail], str | None]:
    """A page of the mails to a customer, newest first, and its `next`."""
    query = Query(TABLE, _owner(customer_id), index="by-owner", limit=limit, forward=False, cursor=cursor)
    page = store.query(query)
    return [Mail.model_validate(item) for item in page.items], page.next


def _owner(customer_id: str) -> str:
    return f"OWNER#{customer_id}"


def _previous(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year:04}-{number - 1:02}" if number > 1 else f"{year - 1:04}-12"


def _item(mail: Mail) -> dict[str, str | int]:
    key = _key(mail.message_id)
    index = {"mailbox": f"MAILBOX#{mail.created_at[:7]}", "mailboxKey": position(mail)}
    owner = owner_of(mail.to)
    if owner and owner != mail.order_id:  # a customer: what is sealed for a guest is the order's
        index["mailOwner"] = _owner(owner)
    return {"PK": key.pk, "SK": key.sk, **mail.model_dump(mode="json", by_alias=True), **index}
