"""Who may read what of monitoring, and what they are given."""

import asyncio
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cartwheel.app import APP
from cartwheel.kernel.dashboard import Group, Series, Widget
from cartwheel.kernel.derived_dashboard import dashboard_of
from cartwheel.kernel.errors import Problem
from cartwheel.local.gateway import HttpAnswer, HttpRequest
from cartwheel.local.identity import Signer
from cartwheel.local.monitoring.collector import tally
from cartwheel.local.monitoring.page import policy
from cartwheel.local.monitoring.pages import Pages
from cartwheel.local.monitoring.sessions import COOKIE, MOST, SESSION_SECONDS, TICKET_SECONDS, Sessions
from cartwheel.local.monitoring.tally import key_of

from .alarms import FAULTS, alarm
from .watching import START, Hand, Mailbox, monitoring

GROUPS = [Group("Wheels & <axles>", (Widget("Faults", (Series(FAULTS, "<b>wheel</b>", {"Part": "wheel"}),)),))]


class Desk:
    """Asks the pages; the answers' status, or the problem's."""

    def __init__(self, folder: Path, groups: list[Group] = GROUPS, local_only: bool = True) -> None:
        self.folder, self.groups, self.local_only = folder, groups, local_only
        self.signer, self.sessions, self.watched = Signer(folder), Sessions(), alarm()

    def ask(self, *requests: HttpRequest, secure: bool = False) -> list[HttpAnswer]:
        return asyncio.run(self._ask(requests, secure))

    async def _ask(self, requests: tuple[HttpRequest, ...], secure: bool) -> list[HttpAnswer]:
        hand = Hand()
        async with monitoring(self.folder, [self.watched], Mailbox(), hand, []) as monitor:
            pages = Pages(monitor, self.groups, "Wheels", self.signer, self.local_only, self.sessions)
            monitor.collector.add(key_of(FAULTS, {"Part": "wheel"}), 3)
            monitor.collector.invoked("payment-events", 0.5, failed=True, recorded={})
            monitor._keep(tally(monitor.collector.drain()).figures(), START, due=False)
            hand.moments.append(START + 75)
            monitor._keep(tally(monitor.collector.drain()).figures(), START + 60, due=True)
            return [await self._one(pages, request, secure) for request in requests]

    async def _one(self, pages: Pages, request: HttpRequest, secure: bool) -> HttpAnswer:
        try:
            return await pages.answer(request, secure)
        except Problem as problem:
            return HttpAnswer(problem.status, {}, problem.detail.encode())

    def status(self, path: str, method: str = "GET", **headers: str) -> int:
        return self.ask(get(path, method, **headers))[0].status

    def token(self, *groups: str) -> str:
        return f"Bearer {self.signer.token('somebody', list(groups), 60)}"


def get(path: str, method: str = "GET", **headers: str) -> HttpRequest:
    path, _, query = path.partition("?")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpRequest(method, path, query, {"host": "localhost:8000", **named}, b"")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(
    ("path", "method"),
    [("/dashboard.json", "GET"), ("/alarms.json", "GET"), ("/dashboard", "GET"), ("/dashboard/tickets", "POST")],
)
def test_only_staff_may_look(desk: Desk, path: str, method: str) -> None:
    asked = {
        who: desk.status(path, method, **({"authorization": desk.token(*groups)} if groups is not None else {}))
        for who, groups in {"nobody": None, "customer": [], "scraper": ["scraper"], "staff": ["staff"]}.items()
    }
    assert asked == {"nobody": 401, "customer": 403, "scraper": 403, "staff": 200}


def test_a_scraper_on_this_machine_needs_no_token_and_others_do(desk: Desk, tmp_path: Path) -> None:
    assert desk.status("/metrics") == 200
    assert desk.status("/metrics", x_forwarded_for="203.0.113.9") == 401  # by way of a proxy
    assert desk.status("/metrics", host="shop.example") == 401  # by a name that was made to point here
    assert desk.status("/metrics", host="[half") == 401
    public = Desk(tmp_path, local_only=False)
    assert public.status("/metrics") == 401
    assert public.status("/metrics", authorization=public.token("scraper")) == 200
    assert public.status("/metrics", authorization=public.token("staff")) == 200
    assert public.status("/metrics", authorization=public.token()) == 403


def test_a_link_signs_a_browser_in_once_to_look_at_the_dashboard(desk: Desk) -> None:
    (made,) = desk.ask(get("/dashboard/tickets", "POST", authorization=desk.token("staff")))
    path = json.loads(made.body)["path"]
    first, second = desk.ask(get(path), get(path))
    assert (first.status, first.headers["Location"]) == (303, "/dashboard")
    cookie = first.headers["Set-Cookie"]
    assert re.fullmatch(rf"{COOKIE}=[\w-]{{43}}; Path=/dashboard; Max-Age=28800; HttpOnly; SameSite=Strict", cookie)
    assert "Set-Cookie" not in second.headers
    mine = cookie.partition(";")[0]
    assert desk.status("/dashboard", cookie=f"theme=dark; {mine}") == 200
    assert desk.status("/dashboard", cookie=f"{mine}x") == 401
    assert desk.status("/dashboard/tickets", "POST", cookie=mine) == 401
    assert desk.status("/dashboard.json", cookie=mine) == 401
    assert desk.status("/dashboard", "POST", cookie=mine) == 404


def test_the_cookie_travels_by_tls_alone_where_the_link_came_that_way(desk: Desk) -> None:
    (answer,) = desk.ask(get(f"/dashboard/sign-in?ticket={desk.sessions.ticket()}"), secure=True)
    assert answer.headers["Set-Cookie"].endswith("; Secure")


def test_tickets_and_sessions_end() -> None:
    moments = [0.0]
    sessions = Sessions(lambda: moments[-1])
    late = sessions.ticket()
    moments.append(TICKET_SECONDS + 1)
    assert sessions.redeem(late) is None
    session = sessions.redeem(sessions.ticket())
    assert sessions.knows(f"{COOKIE}={session}")
    moments.append(moments[-1] + SESSION_SECONDS + 1)
    assert not sessions.knows(f"{COOKIE}={session}")
    for _ in range(MOST + 5):
        sessions.ticket()
    assert len(sessions._tickets) == MOST


def test_prometheus_reads_counters_gauges_and_summaries(desk: Desk) -> None:
    (answer,) = desk.ask(get("/metrics"))
    text = answer.body.decode()
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# TYPE aws_sqs_approximate_number_of_messages_visible gauge" in text
    assert 'aws_sqs_approximate_number_of_messages_visible{queue_name="payment-events"} 0' in text
    assert 'cartwheel_outbox_age_seconds{slice="payment"} 0' in text
    assert re.findall(r"aws_lambda_errors_total.* 1", text) == [
        'aws_lambda_errors_total{function_name="payment-events"} 1'
    ]
    assert 'aws_lambda_duration_seconds{function_name="payment-events",quantile="0.99"} 0.5' in text
    assert 'aws_lambda_duration_seconds_sum{function_name="payment-events"} 0.5' in text
    for line in text.splitlines():
        assert re.fullmatch(
            r'(# (HELP|TYPE) [a-z0-9_]+ .+)|[a-z][a-z0-9_]*(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? \S+', line
        )


def test_the_document_has_alarms_and_points(desk: Desk) -> None:
    (answer, wrong) = desk.ask(
        get("/dashboard.json?span=1h", authorization=desk.token("staff")),
        get("/dashboard.json?span=9y", authorization=desk.token("staff")),
    )
    assert (wrong.status, wrong.body) == (422, b"query.span: must be one of 1h, 3h, 1d, 7d")
    document = json.loads(answer.body)
    assert [(each["name"], each["state"], each["value"]) for each in document["alarms"]] == [("faults", "ALARM", 3)]
    (widget,) = document["groups"][0]["widgets"]
    assert (widget["period"], widget["count"], widget["start"]) == (60, 60, START + 60 - 3600)
    assert widget["series"][0]["points"] == [None] * 59 + [3]


class Reader(HTMLParser):
    """Gathers what a page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.tags if found == tag]


def page_of(desk: Desk, path: str = "/dashboard") -> tuple[HttpAnswer, str]:
    (answer,) = desk.ask(get(path, authorization=desk.token("staff")))
    return answer, answer.body.decode()


def test_the_page_shows_what_is_wrong_first(desk: Desk) -> None:
    _, page = page_of(desk)
    assert "<title>(1) Wheels – dashboard</title>" in page
    for wanted in ("a wheel came off", "Sum of Faults at or above 1 in 1 min", "<b>wheel-off</b>", "All 1 alarms"):
        assert wanted in page
    assert page.index("a wheel came off") < page.index("<figure")
    assert "Wheels &amp; &lt;axles&gt;" in page
    assert "&lt;b&gt;wheel&lt;/b&gt;" in page
    assert "<b>wheel</b>" not in page


@pytest.mark.parametrize(
    ("runbook", "shown"),
    [
        ("https://a.example/b.md", '<a href="https://a.example/b.md" rel="noreferrer">https://a.example/b.md</a>'),
        ("http://a.example/b.md", '<a href="http://a.example/b.md" rel="noreferrer">http://a.example/b.md</a>'),
        ("javascript://a.example/b.md", "<b>javascript://a.example/b.md</b>"),
    ],
)
def test_what_to_do_is_a_link_where_it_is_an_address(desk: Desk, runbook: str, shown: str) -> None:
    desk.watched = alarm(runbook=runbook)
    assert f"What to do: {shown}</p>" in page_of(desk)[1]


@pytest.mark.parametrize("span", ["1h", "3h", "1d", "7d"])
def test_the_declared_dashboard_can_be_read_without_eyes_script_or_network(tmp_path: Path, span: str) -> None:
    answer, page = page_of(Desk(tmp_path, dashboard_of(APP)), f"/dashboard?span={span}")
    read = Reader(page)
    titles = [widget.title for group in dashboard_of(APP) for widget in group.widgets]
    assert len(read.all("figure")) == len(titles)
    assert [read.tags.count((tag, {})) for tag in ("h1",)] == [1]
    identifiers = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    for _, attributes in read.tags:
        assert attributes.get("aria-labelledby") in {None, *identifiers}
        assert not {"style", "onclick", "src"} & attributes.keys()
    assert all(attributes.get("scope") for attributes in read.all("th"))
    assert answer.headers["Content-Security-Policy"] == policy()
    assert "unsafe" not in policy()
    assert not re.search(r"https?://(?!www\.w3\.org)", page)


def test_the_policy_lets_the_pages_own_style_and_script_in(desk: Desk) -> None:
    import base64
    import hashlib

    _, page = page_of(desk)
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy()


def test_who_is_not_known_is_told_the_way_in(desk: Desk) -> None:
    (answer,) = desk.ask(get("/dashboard"))
    assert answer.status == 401
    assert "<code>cartwheel dashboard</code>" in answer.body.decode()
    assert "a wheel came off" not in answer.body.decode()


Colour = Callable[[str], float]


def luminance(colour: str) -> float:
    text = colour.lstrip("#")
    text = "".join(letter * 2 for letter in text) if len(text) == 3 else text
    parts = [int(text[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_text_and_lines_stand_out_in_light_and_dark(desk: Desk) -> None:
    """WCAG 2.2 AA: 4.5 to 1 for text, and it costs nothing to hold lines to the same."""
    _, page = page_of(desk)
    light, dark = re.findall(r":root \{(.*?)\}", page, re.DOTALL)[:2]
    for scheme in (light, dark):
        colours = dict(re.findall(r"--([\w-]+): (#\w+)", scheme))
        texts = {name: colours[name] for name in ("ink", "soft", "alarm", "fine", "s0", "s1", "s2", "s3", "s4", "s5")}
        low = {name: contrast(colour, colours["sheet"]) for name, colour in texts.items()}
        assert min(low.values()) >= 4.5, low
        assert contrast(colours["soft"], colours["ground"]) >= 4.5
        assert min(contrast(colours[name], colours["alarm-ground"]) for name in ("ink", "alarm")) >= 4.5
        assert contrast(colours["ink"], colours["rule"]) >= 4.5
