"""Accounts and their groups: one function for each thing that is asked of the file."""

import json
import sqlite3
import time
import uuid
from dataclasses import dataclass
from typing import Final, Self

from cartwheel.local import mailbox

from . import sign_ins
from .database import forget, transaction

UNCONFIRMED_FOR: Final = 7 * 86400  # seconds after which an address that nobody confirmed is forgotten

_COLUMNS: Final = "sub, email, password, attributes, confirmed, registered, enabled, created_at, changed_at"


@dataclass(frozen=True)
class Account:
    """`registered`: the shop has been told of it. Moments are in seconds since 1970; `attributes` have names."""

    sub: str
    email: str
    password: str
    attributes: dict[str, str]
    confirmed: bool = False
    registered: bool = False
    enabled: bool = True
    created_at: int = 0
    changed_at: int = 0

    @classmethod
    def new(cls, email: str, password: str, attributes: dict[str, str]) -> Self:
        """`password` is its hash."""
        now = int(time.time())
        return cls(str(uuid.uuid4()), email, password, attributes, created_at=now, changed_at=now)

    @property
    def all_attributes(self) -> dict[str, str]:
        """As tokens and triggers name them."""
        verified = str(self.confirmed).lower()
        return {"sub": self.sub, "email_verified": verified, **self.attributes, "email": self.email}

    @property
    def status(self) -> str:
        return "CONFIRMED" if self.confirmed else "UNCONFIRMED"


def find(connection: sqlite3.Connection, name: str) -> Account | None:
    """By address, in any case, or by subject."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM accounts WHERE email = ?1 OR sub = ?1",  # noqa: S608 - a constant
        (name.lower(),),
    ).fetchone()
    if found is None:
        return None
    sub, email, password, attributes, confirmed, registered, enabled, *moments = found
    state = (bool(confirmed), bool(registered), bool(enabled))
    return Account(sub, email, password, json.loads(attributes), *state, *moments)


def add(connection: sqlite3.Connection, account: Account) -> None:
    """In the place of an account of that address that was never confirmed."""
    connection.execute("DELETE FROM accounts WHERE email = ? AND NOT confirmed", (account.email,))
    connection.execute(
        "INSERT INTO accounts VALUES (?, ?, ?, ?, 0, 0, 1, ?, ?)",
        (
            account.sub,
            account.email,
            account.password,
            json.dumps(account.attributes),
            account.created_at,
            account.changed_at,
        ),
    )


def confirm(connection: sqlite3.Connection, sub: str) -> None:
    _change(connection, sub, "confirmed = 1")


def is_registered(connection: sqlite3.Connection, sub: str) -> None:
    """The shop has been told."""
    _change(connection, sub, "registered = 1")


def set_password(connection: sqlite3.Connection, sub: str, hashed: str) -> None:
    _change(connection, sub, "password = ?3", hashed)


def set_attributes(connection: sqlite3.Connection, sub: str, attributes: dict[str, str]) -> None:
    _change(connection, sub, "attributes = ?3", json.dumps(attributes))


def set_enabled(connection: sqlite3.Connection, sub: str, enabled: bool) -> None:
    _change(connection, sub, "enabled = ?3", enabled)


def groups(connection: sqlite3.Connection, sub: str) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM members WHERE sub = ? ORDER BY name", (sub,))]


def join(connection: sqlite3.Connection, sub: str, group: str) -> None:
    connection.execute("INSERT OR IGNORE INTO members VALUES (?, ?)", (sub, group))


def leave(connection: sqlite3.Connection, sub: str, group: str) -> None:
    connection.execute("DELETE FROM members WHERE sub = ? AND name = ?", (sub, group))


def delete(connection: sqlite3.Connection, sub: str) -> None:
    """The account, its sign-ins, and every mail to it."""
    account = find(connection, sub)
    if account:
        sign_ins.end_all(connection, sub)
        mailbox.discard(connection, account.email)
        connection.execute("DELETE FROM accounts WHERE sub = ?", (sub,))


def prune(connection: sqlite3.Connection) -> None:
    """What nobody confirmed."""
    connection.execute(
        "DELETE FROM accounts WHERE NOT confirmed AND created_at < ?", (int(time.time()) - UNCONFIRMED_FOR,)
    )


def _change(connection: sqlite3.Connection, sub: str, change: str, *value: str | bool) -> None:
    connection.execute(
        f"UPDATE accounts SET {change}, changed_at = ?2 WHERE sub = ?1",  # noqa: S608 - a constant
        (sub, int(time.time()), *value),
    )


@dataclass(frozen=True)
class LocalUsers:
    """The port `Users`, for the functions that declare it: each in a process, and with a connection, of its own."""

    connection: sqlite3.Connection

    def delete(self, subject: str) -> None:
        with transaction(self.connection):
            delete(self.connection, subject)
        forget(self.connection)
