"""A rebuild as an operator's client does it, in a shop of one process."""

from collections.abc import Iterable
from typing import Any

from cartwheel.kernel.events import Envelope
from tests.support.shop import Answer, Shop


def told(envelope: Envelope) -> dict[str, Any]:
    """An event as `GET /events` lists it."""
    return {
        "id": envelope.id,
        "source": envelope.source,
        "type": envelope.detail_type,
        "time": envelope.time,
        "detail": envelope.detail,
    }


class Rebuilding:
    """A copy of a projection."""

    def __init__(self, shop: Shop, projection: str, whole: bool = True) -> None:
        self._shop = shop
        self.copies = f"/projections/{projection}/copies"
        self.begun = self.ask("POST", self.copies, {"whole": whole}, 201)
        self.path = f"{self.copies}/{self.begun['copyId']}"

    def ask(self, method: str, path: str, json: Any = None, status: int = 200) -> Any:
        answer = self.request(method, path, json)
        assert answer.status == status, answer.body
        return answer.json if answer.body else None

    def request(self, method: str, path: str, json: Any = None) -> Answer:
        return self._shop.request(method, path, json, token="staff")

    def apply(self, events: Iterable[Envelope], status: int = 200) -> Any:
        return self.ask("POST", f"{self.path}/events", {"events": [told(each) for each in events]}, status)

    def differences(self, limit: int = 100) -> list[dict[str, Any]]:
        found, compared, cursor = list[dict[str, Any]](), 0, ""
        while True:
            page = self.ask("GET", f"{self.path}/differences?limit={limit}{cursor}")
            found += page["items"]
            compared += page["compared"]
            if page["next"] is None:
                self.compared = compared
                return sorted(found, key=lambda each: str(each["pk"]))
            cursor = f"&cursor={page['next']}"

    def swap(self, differences: list[dict[str, Any]], status: int = 200) -> Any:
        items = [{name: each[name] for name in ("pk", "sk", "live", "rebuilt")} for each in differences]
        return self.ask("POST", f"{self.path}/swap", {"items": items}, status)

    def discard(self) -> None:
        self.ask("DELETE", self.path, status=204)
