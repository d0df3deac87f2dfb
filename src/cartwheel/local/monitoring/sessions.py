"""How a browser proves to be staff on the dashboard, where it cannot send a token by itself.

cartwheel dashboard ─► ticket (once, for a minute) ─► cookie (for hours, read-only, for the dashboard alone)

Both are random, kept in memory by their hashes, and gone with the host: what is stolen from a disk or a backup opens
nothing, and a cookie is never a token.
"""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Final

COOKIE: Final = "cartwheel_dashboard"
TICKET_SECONDS: Final = 60
SESSION_SECONDS: Final = 8 * 3600  # a shift
MOST: Final = 1000


@dataclass
class Sessions:
    """`clock` only ever goes forward."""

    clock: Callable[[], float] = time.monotonic
    _tickets: dict[str, float] = field(default_factory=dict)  # hash: when it ends
    _sessions: dict[str, float] = field(default_factory=dict)

    def ticket(self) -> str:
        return self._add(self._tickets, TICKET_SECONDS)

    def redeem(self, ticket: str) -> str | None:
        """The session that the ticket opens; None when it was used before, has ended or never was."""
        ends = self._tickets.pop(_hash(ticket), 0.0)
        return self._add(self._sessions, SESSION_SECONDS) if ends > self.clock() else None

    def knows(self, cookies: str) -> bool:
        """Whether the header Cookie has a session that goes on."""
        try:
            found = SimpleCookie(cookies).get(COOKIE)
        except CookieError:
            return False
        return found is not None and self._sessions.get(_hash(found.value), 0.0) > self.clock()

    def _add(self, kept: dict[str, float], seconds: float) -> str:
        now = self.clock()
        for old in [each for each, ends in kept.items() if ends <= now]:
            del kept[old]
        while len(kept) >= MOST:
            del kept[next(iter(kept))]
        made = secrets.token_urlsafe(32)
        kept[_hash(made)] = now + seconds
        return made


def cookie(session: str, secure: bool) -> str:
    """The header Set-Cookie."""
    rest = f"Path=/dashboard; Max-Age={SESSION_SECONDS}; HttpOnly; SameSite=Strict"
    return f"{COOKIE}={session}; {rest}{'; Secure' if secure else ''}"


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
