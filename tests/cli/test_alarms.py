import httpx

from cartwheel.app import APP
from cartwheel.kernel.derived_alarms import alarms_of
from cartwheel.kernel.settings import Settings

from .shell import Running

NAMES = [alarm.name for alarm in alarms_of(APP.switched(Settings()), Settings())]


def test_every_alarm_and_when_it_is_on(running: Running) -> None:
    done = running.cartwheel("alarms")
    assert (done.code, done.err) == (0, "")
    head, *rows = (line.split() for line in done.out.splitlines())
    assert head == ["alarm", "state", "since", "last", "on", "when"]
    assert [row[0] for row in rows] == NAMES
    assert [item["name"] for item in running.cartwheel("alarms", "--json").json["items"]] == NAMES


def test_only_those_that_are_on(running: Running) -> None:
    answer = running.cartwheel("alarms", "--on", "--json").json
    assert {item["state"] for item in answer["items"]} <= {"ALARM"}


def test_the_link_to_the_dashboard_works_once(running: Running) -> None:
    link = running.cartwheel("dashboard").out.strip()
    with httpx.Client(follow_redirects=True) as browser:
        assert browser.get(link).status_code == 200
    with httpx.Client(follow_redirects=True) as another:
        assert another.get(link).status_code == 401
    assert running.cartwheel("dashboard", "--json").json["url"] != link


def test_a_scrapers_token_reads_the_metrics_and_nothing_else(running: Running) -> None:
    token = running.cartwheel("token", "--role", "scraper", "--minutes", "525600").out.strip()
    url = running.cartwheel("dashboard", "--json").json["url"].partition("/dashboard")[0]
    proxied = {"X-Forwarded-For": "203.0.113.9"}
    headers = {"Authorization": f"Bearer {token}"} | proxied
    assert httpx.get(f"{url}/metrics").status_code == 200
    assert httpx.get(f"{url}/metrics", headers=proxied).status_code == 401
    assert httpx.get(f"{url}/metrics", headers=headers).status_code == 200
    assert httpx.get(f"{url}/_host/queues", headers=headers).status_code == 403
    assert httpx.get(f"{url}/dashboard", headers=headers).status_code == 403
