"""The door of a running shop: limits, throttling, headers, and which pages may ask."""

import re
import select
import socket
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from cartwheel.app import APP
from cartwheel.kernel.answer_headers import SECURITY
from tests.support.running import RunningShop, running_shop

pytestmark = pytest.mark.slow

KIB: Final = 1024
ORIGIN: Final = "https://shop.example"
ORDER: Final = b'{"amount": 9.99, "currency": "EUR"}'
JSON: Final = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    settings = {"TRUSTED_PROXIES": "127.0.0.1", "ORIGINS": f"{ORIGIN} http://localhost:5173"}
    with running_shop(tmp_path_factory.mktemp("hardening"), "--empty", **settings) as shop:
        yield shop


def ask(
    shop: RunningShop, method: str, path: str, headers: dict[str, str] | None = None, **request: Any
) -> httpx.Response:
    return shop.http.request(method, shop.url + path, headers=headers or {}, **request)


def problem(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    told: dict[str, Any] = answer.json()
    assert (told["status"], told["type"].rpartition("/")[2]) == (status, kind)
    return told


def from_(address: str, **headers: str) -> dict[str, str]:
    return {"X-Forwarded-For": address, **headers}


# Limits


@pytest.mark.parametrize(
    ("path", "headers", "status", "kind"),
    [
        ("/products?" + "&".join(["a=1"] * 201), {}, 400, "bad-request"),
        ("/products?q=" + "x" * 9000, {}, 414, "uri-too-long"),
        ("/products", {f"X-{number}": "a" for number in range(101)}, 431, "headers-too-large"),
        ("/products", {"X-Own": "a" * 10_300}, 431, "headers-too-large"),
        ("/health", {"X-Own": "a" * 10_300}, 431, "headers-too-large"),
    ],
)
def test_heads_that_are_too_large(
    shop: RunningShop, path: str, headers: dict[str, str], status: int, kind: str
) -> None:
    assert problem(ask(shop, "GET", path, headers), status, kind)["detail"]
    assert ask(shop, "GET", "/products").status_code == 200


def exchange(shop: RunningShop, *pieces: bytes) -> bytes:
    """What comes back, until the shop hangs up."""
    with socket.create_connection(("127.0.0.1", shop.port), timeout=10) as connection:
        received = b""
        for piece in pieces:
            if select.select([connection], [], [], 0.02)[0]:
                break
            connection.sendall(piece)
        while True:
            try:
                got = connection.recv(65536)
            except ConnectionResetError:
                return received
            if not got:
                return received
            received += got


@pytest.mark.parametrize("line", [b"GET /", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Own: ", b"GET / HTTP/1.1\r\nX-"])
def test_a_line_without_an_end_is_cut_off(shop: RunningShop, line: bytes) -> None:
    received = exchange(shop, line, *[b"a" * 4096] * 16)
    assert received.startswith(b"HTTP/1.1 431 "), received[:200]
    assert b"headers-too-large" in received
    assert b"nosniff" in received


def test_what_is_not_http(shop: RunningShop) -> None:
    received = exchange(shop, b"\x16\x03\x01\x00alice@example.com\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in received
    assert b"alice" not in received


@pytest.mark.parametrize("path", ["/orders", "/products", "/payments/webhooks/sandbox", "/_host/dead-letters/redrive"])
def test_a_body_of_more_than_256_kib(shop: RunningShop, path: str) -> None:
    body = b'{"a": "' + b"x" * 257 * KIB + b'"}'
    problem(ask(shop, "POST", path, shop.staff | JSON, content=body), 413, "too-large") if "_host" not in path else None
    assert "256 KiB" in ask(shop, "POST", path, shop.staff | JSON, content=body).text


def test_only_the_import_takes_more_and_only_from_who_is_known(shop: RunningShop) -> None:
    rows = [b"%d,simple,sku-%d,%b,5" % (number, number, b"Thing " * 30) for number in range(1_600)]
    csv = b"\n".join([b"ID,Type,SKU,Name,Regular price", *rows])
    assert len(csv) > 300 * KIB
    headers = {"Content-Type": "text/csv"}
    problem(ask(shop, "POST", "/products/import", headers, content=csv), 401, "unauthorised")
    assert ask(shop, "POST", "/products/import", headers | shop.staff, content=csv).status_code == 202


def test_who_is_not_known_hears_so_before_a_large_body_is_read(shop: RunningShop) -> None:
    head = b"POST /products/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
    head += b"Content-Length: 5000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", shop.port), timeout=5) as connection:
        connection.sendall(head + b"x" * 300 * KIB)  # and no more
        assert connection.recv(4096).startswith(b"HTTP/1.1 401 ")


def test_json_that_is_nested_too_deeply(shop: RunningShop) -> None:
    body = b'{"amount":' + b"[" * 40 + b"]" * 40 + b"}"
    assert "nested too deeply" in str(problem(ask(shop, "POST", "/orders", JSON, content=body), 400, "bad-request"))


# Throttling


def test_one_client_is_throttled_and_no_other(shop: RunningShop) -> None:
    burst = APP.rates["writing"].burst
    statuses = [
        ask(shop, "POST", "/orders", from_("203.0.113.7") | JSON, content=b"{}").status_code for _ in range(2 * burst)
    ]
    assert statuses[:burst] == [422] * burst
    assert 429 in statuses[burst:]
    refused = ask(shop, "POST", "/orders", from_("203.0.113.7") | JSON, content=b"{}")
    if refused.status_code == 429:
        problem(refused, 429, "too-many-requests")
        assert int(refused.headers["retry-after"]) >= 1
    assert ask(shop, "GET", "/products", from_("203.0.113.7")).status_code == 200  # reading has a bucket of its own
    assert ask(shop, "POST", "/orders", from_("203.0.113.8") | JSON, content=b"{}").status_code == 422


def test_a_token_is_counted_by_whose_it_is(shop: RunningShop) -> None:
    burst = APP.rates["writing"].burst
    ada = shop.token("ada") | JSON
    statuses = [
        ask(shop, "POST", "/orders", ada | from_(f"198.51.100.{number % 250}"), content=b"{}").status_code
        for number in range(2 * burst)
    ]
    assert 429 in statuses
    assert (
        ask(shop, "POST", "/orders", shop.token("bob") | JSON | from_("198.51.100.1"), content=b"{}").status_code == 422
    )


def test_bad_tokens_are_counted_by_address(shop: RunningShop) -> None:
    burst = APP.rates["reading"].burst
    bad = from_("203.0.113.20", Authorization="Bearer e30.e30.e30")
    statuses = [ask(shop, "GET", "/orders", bad).status_code for _ in range(2 * burst)]
    assert statuses[:burst] == [401] * burst
    assert 429 in statuses


@pytest.mark.parametrize("path", ["/health", "/docs?format=json", "/_host/queues", "/nowhere"])
def test_every_page_counts(shop: RunningShop, path: str) -> None:
    headers = from_(f"203.0.113.{30 + len(path)}")
    statuses = {ask(shop, "GET", path, headers).status_code for _ in range(2 * APP.rates["reading"].burst)}
    assert 429 in statuses


def test_who_asks_from_this_machine_is_not_throttled(shop: RunningShop) -> None:
    statuses = {ask(shop, "GET", "/health").status_code for _ in range(3 * APP.rates["reading"].burst)}
    assert statuses == {200}


# Headers

EVERYWHERE: Final = [
    ("GET", "/products", {}),
    ("GET", "/health", {}),
    ("GET", "/openapi.json", {}),
    ("GET", "/docs", {}),
    ("GET", "/", {}),
    ("GET", "/nowhere", {}),
    ("PATCH", "/products", {}),
    ("GET", "/orders", {}),
    ("GET", "/_host/queues", {}),
    ("POST", "/orders", {"Content-Type": "application/xml"}),
    ("POST", "/2015-03-31/functions/EventPublisher/invocations", {}),
    ("GET", "/products", {"X-Own": "a" * 11_000}),
]


@pytest.mark.parametrize(("method", "path", "headers"), EVERYWHERE)
def test_every_answer_has_its_headers(shop: RunningShop, method: str, path: str, headers: dict[str, str]) -> None:
    answer = ask(shop, method, path, headers)
    for name, value in SECURITY.items():
        if (path, name) != ("/docs", "Content-Security-Policy"):
            assert answer.headers[name] == value
    assert "strict-transport-security" not in answer.headers
    assert "server" not in answer.headers
    secure = ask(shop, method, path, headers | {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"})
    assert "max-age=" in secure.headers["strict-transport-security"]


def test_the_page_of_the_contract_runs_its_own_scripts_alone(shop: RunningShop) -> None:
    answer = ask(shop, "GET", "/docs")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
    assert "unsafe-eval" not in policy
    assert len(re.findall("'sha256-", policy)) == answer.text.count("</script>") == 2


# Pages of other sites


def preflight(shop: RunningShop, origin: str, method: str = "PUT") -> httpx.Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    return ask(shop, "OPTIONS", "/baskets/x/lines/y", asked | {"Access-Control-Request-Headers": "content-type"})


def test_pages_of_the_shops_own_origins_may_ask(shop: RunningShop) -> None:
    for origin in (ORIGIN, "http://localhost:5173"):
        answer = preflight(shop, origin)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, origin)
        assert {"idempotency-key", "x-amz-target"} <= set(answer.headers["access-control-allow-headers"].split(", "))
        assert "PUT" in answer.headers["access-control-allow-methods"]
        assert "access-control-allow-credentials" not in answer.headers
    answer = ask(shop, "GET", "/products", {"Origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "x-request-id" in answer.headers["access-control-expose-headers"]
    assert ask(shop, "GET", "/orders", {"Origin": ORIGIN}).headers["access-control-allow-origin"] == ORIGIN  # a 401


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://shop.example.evil.example", "http://shop.example"]
)
def test_pages_of_others_may_not(shop: RunningShop, origin: str) -> None:
    problem(preflight(shop, origin), 405, "method-not-allowed")
    answer = ask(shop, "GET", "/products", {"Origin": origin})
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:80", "10.0.0.1", "[::1"])
def test_a_page_whose_name_points_here_reads_nothing(shop: RunningShop, host: str) -> None:
    for path in ("/products", "/health", "/docs", "/_host/queues"):
        problem(ask(shop, "GET", path, {"Host": host}), 421, "misdirected")
    assert ask(shop, "GET", "/products", from_("192.0.2.1", Host="shop.example")).status_code == 200  # behind its proxy
