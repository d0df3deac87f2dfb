"""The codes in mails: six digits, a few tries, an end. A new one replaces the one before."""

import hmac
import secrets
import sqlite3
import time
from enum import StrEnum
from typing import Final

from .errors import Refused, wrong_code

TRIES: Final = 5


class Purpose(StrEnum):
    """What a code is for."""

    CONFIRM = "CONFIRM"
    RESET = "RESET"


LIFETIME: Final = {Purpose.CONFIRM: 86400, Purpose.RESET: 3600}  # seconds, as Cognito's


def issue(connection: sqlite3.Connection, sub: str, purpose: Purpose) -> str:
    """As it is in the mail beside it, so hashing it would hide nothing."""
    code = f"{secrets.randbelow(1_000_000):06}"
    expires_at = int(time.time()) + LIFETIME[purpose]
    connection.execute(
        "INSERT OR REPLACE INTO codes (sub, purpose, code, expires_at) VALUES (?, ?, ?, ?)",
        (sub, purpose, code, expires_at),
    )
    return code


def check(connection: sqlite3.Connection, sub: str, purpose: Purpose, code: str) -> Refused | None:
    """Why it is not taken. A wrong one is counted; after the last try even the right one is refused."""
    found = connection.execute(
        "SELECT code, expires_at, failures FROM codes WHERE sub = ? AND purpose = ?", (sub, purpose)
    ).fetchone()
    if found is None or found[2] >= TRIES:
        return wrong_code()
    if not hmac.compare_digest(found[0].encode(), code.encode()):
        connection.execute("UPDATE codes SET failures = failures + 1 WHERE sub = ? AND purpose = ?", (sub, purpose))
        return wrong_code()
    if found[1] <= time.time():
        return Refused("ExpiredCodeException", "Invalid code provided, please request a code again.")
    return None


def discard(connection: sqlite3.Connection, sub: str, purpose: Purpose) -> None:
    connection.execute("DELETE FROM codes WHERE sub = ? AND purpose = ?", (sub, purpose))


def prune(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM codes WHERE expires_at <= ?", (int(time.time()),))
