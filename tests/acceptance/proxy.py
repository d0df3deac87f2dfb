"""Between the functions and the stand-in: every call is held against its function's role, and counted.

Functions are told apart by the name that the stacks put into their User-Agent. What is not allowed is answered as AWS
would, so it does not happen either.
"""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final
from urllib.parse import urlsplit

from .operations import Operations
from .privileges import Privileges, wanted

FUNCTION: Final = re.compile(r"\bapp/(\S+)")
HOP_BY_HOP: Final = frozenset(
    {"connection", "content-length", "date", "host", "keep-alive", "server", "transfer-encoding"}
)


class Proxy(ThreadingHTTPServer):
    """On a free port of 127.0.0.1; `target` is where calls go."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = ""
        self.privileges = Privileges()
        self.operations = Operations()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """That an end has gone is nothing to speak of: whoever still waits, asks again."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def running_proxy() -> Iterator[Proxy]:
    with Proxy() as proxy:
        serving = Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.1})
        serving.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            serving.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Proxy

    def do_GET(self) -> None:
        """The keys of the user pool, which anybody may read."""
        self._forward(b"")

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        body, target = json.loads(content), self.headers.get("x-amz-target", "")
        found = FUNCTION.search(self.headers.get("user-agent", ""))
        function = found[1] if found else "nobody"
        if not self.server.privileges.allow(function, wanted(target, body)):
            denied = {"__type": "AccessDeniedException", "message": f"{function} is not authorized to perform {target}"}
            self._answer(400, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(denied).encode())
            return
        if target.startswith("DynamoDB"):
            content = json.dumps(body | {"ReturnConsumedCapacity": "TOTAL"}).encode()
        answer = self._forward(content)
        self.server.operations.count(function, target, body, answer)

    def _forward(self, content: bytes) -> bytes:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        with closing(HTTPConnection(urlsplit(self.server.target).netloc, timeout=60)) as upstream:
            upstream.request(self.command, self.path, content, headers)
            answer = upstream.getresponse()
            body = answer.read()
        passed = {name: value for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP}
        self._answer(answer.status, passed, body)
        return body

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        """Nothing."""
