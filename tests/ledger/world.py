"""Events of others, as the bus hands them on."""

from typing import Any

from cartwheel.kernel.ids import new_id
from tests.support.shop import Answer, Shop

ORDER: dict[str, Any] = {
    "orderId": "TEST-1234",
    "customer": "John Doe",
    "items": [{"id": "product-123", "quantity": 2}],
}
TIME = "2026-11-20T19:22:26Z"


def placed(time: str = TIME, event_id: str = "", **detail: Any) -> dict[str, Any]:
    """As EventBridge hands it on: the id and the time are the bus's."""
    return {
        "version": "0",
        "id": event_id or new_id(),
        "source": "custom.myapp",
        "detail-type": "order_placed",
        "time": time,
        "account": "123456789012",
        "region": "eu-central-1",
        "resources": [],
        "detail": {**ORDER, "status": "PLACED", **detail},
    }


def take(shop: Shop, event: dict[str, Any]) -> None:
    shop.deliver("OrderProcessor", event)


def listed(shop: Shop, query: str = "from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z", **more: Any) -> Answer:
    query = "&".join(["type=order_placed", query, *(f"{name}={value}" for name, value in more.items())])
    return shop.request("GET", f"/events?{query}", token="staff")


def walked(shop: Shop, limit: int, query: str) -> list[list[str]]:
    """The ids, page by page."""
    pages: list[list[str]] = []
    cursor: dict[str, str] = {}
    while len(pages) < 100:
        page = listed(shop, query, limit=limit, **cursor).json
        pages.append([event["id"] for event in page["items"]])
        if page["next"] is None:
            return pages
        cursor = {"cursor": page["next"]}
    raise AssertionError("the pages never end")
