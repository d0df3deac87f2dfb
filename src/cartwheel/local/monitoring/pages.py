"""Monitoring over HTTP: figures for Prometheus, alarms and dashboard for staff. Reads only; ADR 36 says who may.

GET  /metrics             a staff or scraper token; or nothing at all, on this machine
GET  /alarms.json, /dashboard.json     a staff token
GET  /dashboard           a staff token, or the cookie that a ticket was changed for
POST /dashboard/tickets   a staff token: a ticket ─► GET /dashboard/sign-in?ticket=…  the cookie
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs

from cartwheel.kernel.dashboard import Group
from cartwheel.kernel.errors import Forbidden, Invalid, NotFound, Unauthorised
from cartwheel.kernel.metrics import Unit
from cartwheel.kernel.own_metrics import OUTBOX_AGE, OWN
from cartwheel.kernel.platform_metrics import OLDEST, PLATFORM, VISIBLE
from cartwheel.local.callers import caller_of, require_staff
from cartwheel.local.door import asked_for_loopback
from cartwheel.local.gateway import HttpAnswer, HttpRequest
from cartwheel.local.identity import Signer

from . import data, prometheus, sessions
from .monitor import Monitor
from .sessions import Sessions

SCRAPER: Final = "scraper"  # the group of a token that may read /metrics and nothing else
FORWARDED: Final = frozenset({"forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"})
HTML: Final = "text/html; charset=utf-8"


@dataclass
class Pages:
    """`local_only`: the host listens on a loopback address."""

    PATHS: ClassVar = frozenset(
        {"/metrics", "/alarms.json", "/dashboard.json", "/dashboard", "/dashboard/sign-in", "/dashboard/tickets"}
    )

    monitor: Monitor
    groups: Sequence[Group]
    shop: str
    signer: Signer
    local_only: bool
    sessions: Sessions = field(default_factory=Sessions)

    async def answer(self, request: HttpRequest, secure: bool = False) -> HttpAnswer:
        """`secure`: it came by TLS. Raises a Problem for whoever may not ask, and for what there is not."""
        method = "GET" if request.method == "HEAD" else request.method
        query = {name: values[-1] for name, values in parse_qs(request.query).items()}
        match method, request.path:
            case "GET", "/metrics":
                self._admit_scraper(request)
                return await self._metrics()
            case "GET", "/alarms.json":
                require_staff(self.signer, request)
                standings = await self.monitor.ask(self.monitor.watch.standings)
                return _json(data.alarm_list(standings))
            case "GET", "/dashboard.json":
                require_staff(self.signer, request)
                return _json(await self._document(query))
            case "GET", "/dashboard":
                return await self._dashboard(request, query)
            case "GET", "/dashboard/sign-in":
                return self._sign_in(query, secure)
            case "POST", "/dashboard/tickets":
                require_staff(self.signer, request)
                return _json({"path": f"/dashboard/sign-in?ticket={self.sessions.ticket()}"})
        raise NotFound("There are /metrics, /alarms.json, /dashboard.json and /dashboard to read.")

    async def _metrics(self) -> HttpAnswer:
        app = self.monitor.app
        declared = dict.fromkeys((*PLATFORM, *OWN, *(metric for part in app.slices for metric in part.metrics)))
        gauges = frozenset({VISIBLE, OLDEST, OUTBOX_AGE, *(each for each in declared if each.unit is Unit.PERCENT)})
        body = await self.monitor.ask(partial(prometheus.exposition, self.monitor.history, list(declared), gauges))
        return HttpAnswer(200, {"Content-Type": prometheus.CONTENT_TYPE}, body)

    async def _document(self, query: dict[str, str]) -> dict[str, Any]:
        span = query.get("span", data.USUAL)
        if span not in data.SPANS:
            raise Invalid(f"query.span: must be one of {', '.join(data.SPANS)}")
        window = data.Window(span, int(self.monitor.clock.now()))
        document: dict[str, Any] = await self.monitor.ask(lambda: self._drawn(window))
        return document

    def _drawn(self, window: data.Window) -> dict[str, Any]:
        return data.document(self.monitor.history, self.monitor.watch.standings(), self.groups, window)

    async def _dashboard(self, request: HttpRequest, query: dict[str, str]) -> HttpAnswer:
        from .page import dashboard_page, sign_in_page  # late: templates are for those who look

        if "authorization" in request.headers:
            require_staff(self.signer, request)
        elif not self.sessions.knows(request.headers.get("cookie", "")):
            return _html(401, sign_in_page(self.shop))
        return _html(200, dashboard_page(self.shop, await self._document(query)))

    def _sign_in(self, query: dict[str, str], secure: bool) -> HttpAnswer:
        """A ticket for a cookie. Who comes with a used one is shown how to get another, unless signed in already."""
        session = self.sessions.redeem(query.get("ticket", ""))
        headers = {"Location": "/dashboard"}
        if session:
            headers["Set-Cookie"] = sessions.cookie(session, secure)
        return HttpAnswer(303, headers, b"")

    def _admit_scraper(self, request: HttpRequest) -> None:
        """Without a token only where nobody else can be asking: not by way of a proxy, and not for a page that has its
        own name point at this machine.
        """
        if "authorization" in request.headers:
            if SCRAPER not in (caller := caller_of(self.signer, request)).groups and not caller.is_staff:
                raise Forbidden("Send the token of a scraper, or of staff.")
        elif not (
            self.local_only
            and asked_for_loopback(request.headers.get("host", ""))
            and not FORWARDED & request.headers.keys()
        ):
            raise Unauthorised("From elsewhere than this machine it takes a token: cartwheel token --role scraper.")


def _json(document: Any) -> HttpAnswer:
    return HttpAnswer(200, {"Content-Type": "application/json"}, json.dumps(document).encode())


def _html(status: int, page: bytes) -> HttpAnswer:
    from .page import policy

    return HttpAnswer(status, {"Content-Type": HTML, "Content-Security-Policy": policy()}, page)
