"""What belongs to no slice: health, the API's document, and every request that no route is for.

The document and its page are worked out when the bundle is built, and lie beside this module.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from cartwheel.kernel import health
from cartwheel.kernel.docs_page import policy
from cartwheel.kernel.errors import NotFound, Problem
from cartwheel.kernel.router import Router

from . import payload
from .cold_start import Handler, at_cold_start
from .deployment import Deployment
from .health import Health
from .payload import Answer, Event

FOLDER: Final = Path(__file__).parent
DOCUMENT: Final = "openapi.json"
PAGE: Final = "docs.html"
JSON: Final = "application/json"
HTML: Final = "text/html; charset=utf-8"


def make(deployment: Deployment, folder: Path = FOLDER) -> Handler:
    """`folder` holds the document and its page. Raises OSError when the bundle was built without them."""
    document = (folder / DOCUMENT).read_text()
    router = Router(json.loads(document))
    page = cache((folder / PAGE).read_text)
    deep = Health(deployment.table_name)

    def own(path: str, query: str) -> Answer | None:
        if path == "/":
            return answer(307, "", "", {"Location": "/docs"})
        if path == "/health":
            return answer(200, JSON, '{"status": "ok"}')
        if path == "/openapi.json" or (path == "/docs" and query == "format=json"):  # that is what the page links to
            return answer(200, JSON, document)
        if path == "/docs":
            return answer(200, HTML, page(), {"Content-Security-Policy": policy(page().encode())})
        return None

    def handle(event: Event, context: Any) -> Answer:
        try:
            asked = payload.request(event)
            method, path = asked["requestContext"]["http"]["method"], asked["rawPath"]
            if method == "GET" and path == health.PATH:
                status, document = deep.answer(asked)
                return payload.signed(answer(status, JSON, json.dumps(document)), event)
        except Problem as refused:
            return payload.signed(payload.problem(refused), event)
        found = own(path, asked["rawQueryString"]) if method in ("GET", "HEAD") else None
        return payload.signed(found or _refusal(router, method, path), event)

    return handle


def answer(status: int, content_type: str, body: str, headers: dict[str, str] | None = None) -> Answer:
    typed = {"Content-Type": content_type} if content_type else {}
    return {"statusCode": status, "headers": typed | (headers or {}), "body": body, "isBase64Encoded": False}


def _refusal(router: Router, method: str, path: str) -> Answer:
    """Why API Gateway found no route: there is none, or not for this method."""
    try:
        router.find(method, path)
    except Problem as refused:
        return payload.problem(refused)
    return payload.problem(NotFound("No route answers here; see /openapi.json."))


__getattr__ = at_cold_start(make)
