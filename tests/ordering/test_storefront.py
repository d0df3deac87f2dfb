"""The canary's way to the shop: what it asks, and what it makes of what it hears."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from cartwheel.ordering.storefront import Failed, Storefront


@contextmanager
def answering(status: int, body: bytes) -> Iterator[tuple[str, list[tuple[str, str | None, bytes]]]]:
    """A server with one answer to everything: its URL, and what it was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length", 0)))
            asked.append((self.path, self.headers.get("x-correlation-id"), sent))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def test_the_storefront_asks_over_http_past_any_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with answering(201, b'{"basketId": "b"}') as (url, asked):
        assert Storefront(f"{url}/shop", "a story").ask("opening a basket", "POST", "/baskets", {"a": 1}) == {
            "basketId": "b"
        }
    assert asked == [("/shop/baskets", "a story", b'{"a": 1}')]


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (503, b'{"detail": "Too much to do."}', "checking out: 503 Too much to do."),
        (403, b'{"message": "Forbidden"}', "checking out: 403 Forbidden"),
        (502, b"<html>Bad gateway</html>", "checking out: 502 "),
        (500, b"[]", "checking out: 500 "),
    ],
)
def test_a_refusal_is_told_with_its_reason(status: int, body: bytes, text: str) -> None:
    with answering(status, body) as (url, _), pytest.raises(Failed) as failed:
        Storefront(url, "a story").ask("checking out", "POST", "/")
    assert (str(failed.value), failed.value.status) == (text, status)


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:9"])
def test_nobody_there_is_told(url: str) -> None:
    with pytest.raises(Failed, match=r"^checking out: no answer \(ConnectionRefusedError\)$"):
        Storefront(url, "a story").ask("checking out", "POST", "/")
