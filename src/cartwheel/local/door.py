"""What every request passes on its way in, and every answer on its way out, whoever answers it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from cartwheel.kernel import answer_headers
from cartwheel.kernel.errors import Misdirected
from cartwheel.kernel.throttle import Pace, Throttle

from .address import is_loopback
from .gateway import MUTATING, HttpAnswer, HttpRequest
from .visitor import Proxies, Visitor

# Besides what pages send to the shop on either host: what the user pool's client sends, which on AWS is elsewhere.
SENT: Final = (*answer_headers.SENT, "x-amz-target", "x-amz-user-agent", "amz-sdk-invocation-id", "amz-sdk-request")
PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": ", ".join(answer_headers.METHODS),
    "Access-Control-Allow-Headers": ", ".join(SENT),
    "Access-Control-Max-Age": str(answer_headers.PREFLIGHT_SECONDS),
}
EXPOSED: Final = ", ".join(answer_headers.READ)


@dataclass
class Door:
    """`origins` are those whose pages may ask; `local_only`: only this machine can reach the host. `warn` is told once
    of a proxy that is not declared, behind which all callers look like this machine.
    """

    throttle: Throttle
    proxies: Proxies
    origins: frozenset[str]
    local_only: bool
    warn: Callable[[str], None]
    _warned: bool = False

    def visitor(self, peer: str, headers: dict[str, str]) -> Visitor:
        visitor = self.proxies.visitor(peer, headers)
        if not (visitor.client or self._warned) and "x-forwarded-for" in headers:
            self._warned = True
            self.warn("a proxy on this machine is not in CARTWHEEL_TRUSTED_PROXIES, so its clients are not throttled")
        return visitor

    def check_name(self, request: HttpRequest, visitor: Visitor) -> None:
        """Raises Misdirected where a page may have had its own name point at this machine, to read what it answers."""
        if (
            self.local_only
            and not visitor.forwarded
            and not asked_for_loopback(request.headers.get("host", "localhost"))
        ):
            raise Misdirected(
                "Ask for it as localhost; behind a proxy that keeps the name, set CARTWHEEL_TRUSTED_PROXIES."
            )

    def admit(self, request: HttpRequest, subject: str | None, pace: Pace | None = None) -> None:
        """Count the request for its caller, by the subject of a verified token or else by address.

        Raises TooManyRequests.
        """
        if request.client:
            usual: Pace = "writing" if request.method in MUTATING else "reading"
            self.throttle.admit(f"sub:{subject}" if subject else request.client, pace or usual)

    def preflight(self, request: HttpRequest) -> HttpAnswer | None:
        """The answer to a browser that asks whether a page may ask; None when it is no such question."""
        asked = request.method == "OPTIONS" and "access-control-request-method" in request.headers
        if not asked or request.headers.get("origin") not in self.origins:
            return None
        return HttpAnswer(204, dict(PREFLIGHT), b"")

    def dress(self, answer: HttpAnswer, origin: str | None, secure: bool) -> None:
        """Add what belongs on every answer, except where it has its own."""
        headers = answer.headers
        for name, value in answer_headers.SECURITY.items():
            headers.setdefault(name, value)
        if secure:
            headers |= answer_headers.TLS_ONLY
        if self.origins:
            headers["Vary"] = "Origin"
            if origin in self.origins:
                headers |= {"Access-Control-Allow-Origin": str(origin), "Access-Control-Expose-Headers": EXPOSED}


@lru_cache(1024)
def asked_for_loopback(host: str) -> bool:
    """Whether the header Host names this machine: not a proxy's name, nor one that somebody's page has."""
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:  # no name at all, such as half an address
        return False
