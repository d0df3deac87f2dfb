"""The audit as the tests read it: over HTTP."""

import json
from typing import Any

from cartwheel.audit.model import Link, Verifier
from tests.support.shop import Shop

Entry = dict[str, Any]


def links(shop: Shop, limit: int = 100, query: str = "") -> list[Link]:
    """Every entry that `GET /audit` lists, page after page."""
    found: list[Link] = []
    cursor = ""
    while True:
        page = shop.request("GET", f"/audit?limit={limit}{query}{cursor}", token="admin")
        assert page.status == 200, page
        found += map(Link.read, page.json["items"])
        if page.json["next"] is None:
            return found
        cursor = f"&cursor={page.json['next']}"


def entries(shop: Shop, query: str = "") -> list[Entry]:
    """What the entries tell, after everything was delivered."""
    shop.drain()
    return [link.content() for link in links(shop, query=query)]


def faults(shop: Shop, *kept: tuple[int, str]) -> list[str]:
    """What the verification finds."""
    head = shop.request("GET", "/audit/head", token="admin").json
    verifier = Verifier([*kept, (head["seq"], head["hash"])])
    return [*verifier.follow(links(shop)), *verifier.end(shop.request("GET", "/audit/head", token="admin").json["seq"])]


def told(entry: Entry, table: str) -> list[tuple[str, Any, Any]]:
    """Key, before and after of what was written to the table."""
    return [
        (change["key"], _read(change.get("before")), _read(change.get("after")))
        for change in entry["changes"]
        if change["table"] == table
    ]


def _read(text: str | None) -> Any:
    return text and json.loads(text)
