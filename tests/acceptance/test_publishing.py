"""S2: published by direct invocation, routed by pattern, processed, stored, asked for by type and time."""

from typing import Any, Final

import pytest

from cartwheel.kernel.ids import new_id

from .hosts import MESSAGES
from .shop import Shop

ITEMS: Final = [{"id": "product-123", "quantity": 2}]


def _events(shop: Shop, query: str = "") -> list[dict[str, Any]]:
    """All pages, of three each."""
    staff, items, cursor = shop.host.token("staff"), [], ""
    while True:
        url = f"/events?type=order_placed&limit=3{query}{cursor}"
        page = shop.host.http.get(url, headers=staff).json()
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = f"&cursor={page['next']}"


@pytest.mark.needs(MESSAGES)
def test_from_the_publisher_to_the_query(shop: Shop) -> None:
    mark = new_id()
    orders = [{"orderId": f"{mark}-{number}", "customer": "John Doe", "items": ITEMS} for number in range(7)]
    answers = [shop.host.invoke("EventPublisher", order) for order in orders]
    assert [answer["FunctionError"] for answer in answers] == [None] * 7
    ids = [answer["Payload"]["eventId"] for answer in answers]

    def mine() -> list[dict[str, Any]]:
        return [event for event in _events(shop) if event["detail"]["orderId"].startswith(mark)]

    shop.until(lambda: len(mine()) == 7)
    found = mine()
    assert sorted(event["id"] for event in found) == sorted(ids)
    assert [event["time"] for event in found] == sorted(event["time"] for event in found)
    details = {event["id"]: event["detail"] for event in found}
    assert [details[event_id] for event_id in ids] == [order | {"status": "PLACED"} for order in orders]
    assert {event["source"] for event in found} == {"custom.myapp"}


@pytest.mark.needs(MESSAGES)
def test_bad_input_is_the_calls_error(shop: Shop) -> None:
    answer = shop.host.invoke("EventPublisher", {"orderId": "x", "customer": "y", "items": []})
    assert answer["FunctionError"] == "Unhandled"
    assert "items" in answer["Payload"]["errorMessage"]
