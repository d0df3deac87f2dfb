"""Sign-ins: each has a refresh token, and ends by time, by signing out, or with its account.

Access tokens of a sign-in that was ended are refused from that moment: its `origin_jti` is remembered until the last of
them has expired.
"""

import secrets
import sqlite3
import time
import uuid
from dataclasses import dataclass
from hashlib import sha256

from cartwheel.kernel.identity import SIGN_IN_LIFETIME, TOKEN_LIFETIME


@dataclass(frozen=True)
class SignIn:
    """Somebody who gave their password at `auth_time`."""

    origin_jti: str
    sub: str
    auth_time: int


def start(connection: sqlite3.Connection, sub: str) -> tuple[SignIn, str]:
    """With its refresh token, of which only a digest is kept."""
    now, refresh = int(time.time()), secrets.token_urlsafe(64)
    sign_in = SignIn(str(uuid.uuid4()), sub, now)
    expires_at = now + int(SIGN_IN_LIFETIME.total_seconds())
    connection.execute(
        "INSERT INTO sign_ins VALUES (?, ?, ?, ?, ?)", (sign_in.origin_jti, sub, _digest(refresh), now, expires_at)
    )
    return sign_in, refresh


def find(connection: sqlite3.Connection, refresh: str) -> SignIn | None:
    """The one that the refresh token belongs to, if it goes on."""
    found = connection.execute(
        "SELECT origin_jti, sub, auth_time FROM sign_ins WHERE refresh = ? AND expires_at > ?",
        (_digest(refresh), int(time.time())),
    ).fetchone()
    return SignIn(*found) if found else None


def end(connection: sqlite3.Connection, origin_jti: str) -> None:
    connection.execute("DELETE FROM sign_ins WHERE origin_jti = ?", (origin_jti,))
    until = int(time.time() + TOKEN_LIFETIME.total_seconds()) + 1
    connection.execute("INSERT OR REPLACE INTO revoked VALUES (?, ?)", (origin_jti, until))


def end_all(connection: sqlite3.Connection, sub: str, but: str = "") -> None:
    """Every sign-in of the account, except the one of that `origin_jti`."""
    found = connection.execute("SELECT origin_jti FROM sign_ins WHERE sub = ?", (sub,)).fetchall()
    for (origin_jti,) in found:
        if origin_jti != but:
            end(connection, origin_jti)


def is_ended(connection: sqlite3.Connection, origin_jti: str) -> bool:
    found = connection.execute("SELECT 1 FROM revoked WHERE origin_jti = ?", (origin_jti,)).fetchone()
    return found is not None


def prune(connection: sqlite3.Connection) -> None:
    now = int(time.time())
    connection.execute("DELETE FROM sign_ins WHERE expires_at <= ?", (now,))
    connection.execute("DELETE FROM revoked WHERE until <= ?", (now,))


def _digest(refresh: str) -> bytes:
    return sha256(refresh.encode()).digest()
