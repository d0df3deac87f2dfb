"""The host's own mails, such as confirmation codes: with a mail server they are sent, without one kept to be looked up.

They never pass through events or logs, since a code in them opens an account. They are rows of identity.sqlite, written
in the transaction that they belong to, and a mail that the server takes is deleted.
"""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.settings import Settings

LIFETIME: Final = 86400  # seconds: as long as any code in a mail
MOST: Final = 1000  # mails that are kept; the oldest go
PATIENCE: Final = 30.0  # seconds between two tries to send what the server did not take
PER_ROUND: Final = 20

_COLUMNS: Final = "id, kind, recipient, subject, text, created_at"
_NEWEST: Final = f"SELECT {_COLUMNS} FROM mails WHERE id < ? AND expires_at > ? ORDER BY id DESC LIMIT ?"  # noqa: S608
_DUE: Final = f"SELECT {_COLUMNS} FROM mails WHERE expires_at > ? ORDER BY tried_at, id LIMIT ?"  # noqa: S608


@dataclass(frozen=True)
class HostMail:
    """A stored mail; `created` is in milliseconds since 1970. Its text may hold a code: it is not shown by accident."""

    id: int
    kind: str
    recipient: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    created: int

    @property
    def message_id(self) -> str:
        return f"host.{self.created}.{self.id}"

    @property
    def created_at(self) -> str:
        return timestamp(datetime.fromtimestamp(self.created / 1000, UTC))

    def to_dict(self) -> dict[str, Any]:
        """As operators see it: in the form of the shop's own mails."""
        return {
            "messageId": self.message_id,
            "kind": self.kind,
            "to": self.recipient,
            "subject": self.subject,
            "text": self.text,
            "createdAt": self.created_at,
        }


def put(connection: sqlite3.Connection, kind: str, recipient: str, content: tuple[str, str]) -> None:
    """Part of the caller's transaction. `content` is subject and text."""
    now = time.time()
    connection.execute(
        "INSERT INTO mails (kind, recipient, subject, text, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
        (kind, recipient, *content, int(now * 1000), int(now) + LIFETIME),
    )
    connection.execute("DELETE FROM mails WHERE id <= (SELECT max(id) FROM mails) - ?", (MOST,))


def discard(connection: sqlite3.Connection, recipient: str) -> None:
    """Every mail to the address."""
    connection.execute("DELETE FROM mails WHERE recipient = ?", (recipient,))


def prune(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM mails WHERE expires_at <= ?", (int(time.time()),))


def newest(connection: sqlite3.Connection, limit: int, before: int = 2**62) -> list[HostMail]:
    """A page, newest first, of those with a smaller id than `before`."""
    return [HostMail(*row) for row in connection.execute(_NEWEST, (before, int(time.time()), limit))]


@dataclass
class Postman:
    """Takes the mails to the mail server, if there is one; what it does not take is tried again until it expires.

    `run` does a piece of work on the file's writing connection, in its own transaction.
    """

    settings: Settings
    run: Callable[[Callable[[sqlite3.Connection], Any]], Any]
    report: Callable[[str, str], None]
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """There is a new mail."""
        self._news.set()

    async def deliver(self) -> None:
        """Until it is cancelled."""
        while self.settings.smtp_url:
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                if not await self._round():
                    await asyncio.wait_for(self._news.wait(), PATIENCE)

    async def _round(self) -> bool:
        """Whether there may be more to send at once."""
        found = await self.run(lambda connection: connection.execute(_DUE, (time.time(), PER_ROUND)).fetchall())
        mails = [HostMail(*row) for row in found]
        sent = await asyncio.to_thread(self._send, mails)
        if mails:
            await self.run(lambda connection: _settle(connection, sent, [each.id for each in mails]))
        return len(sent) == PER_ROUND

    def _send(self, mails: Sequence[HostMail]) -> list[int]:
        """The ids of those that the server took."""
        from cartwheel.notification import smtp

        sent = []
        for mail in mails:
            try:
                smtp.send(mail, mail.recipient, self.settings)
                sent.append(mail.id)
            except smtp.DeliveryFailed as failed:
                self.report("mailbox", str(failed))
        return sent


def _settle(connection: sqlite3.Connection, sent: Sequence[int], tried: Sequence[int]) -> None:
    """What was not taken goes behind what was not tried yet."""
    now = int(time.time())
    connection.executemany("UPDATE mails SET tried_at = ? WHERE id = ?", [(now, each) for each in tried])
    connection.executemany("DELETE FROM mails WHERE id = ?", [(each,) for each in sent])
