"""S2: published by direct invocation, routed by pattern, processed, stored, asked for by type and time."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.ids import new_id

from .hosts import MESSAGES
from .shop import Shop

pytestmark = [pytest.mark.slow, pytest.mark.needs(MESSAGES)]

ITEMS: Final = [{"id": "product-123", "quantity": 2}]


def _events(shop: Shop, query: str = "") -> list[dict[str, Any]]:
    """All pages, of three each."""
    items, cursor = [], ""
    while True:
        page = shop.get(f"/events?type=order_placed&limit=3{query}{cursor}", shop.staff)
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = f"&cursor={page['next']}"


def _placed(order_id: str) -> dict[str, Any]:
    return {"orderId": order_id, "customer": "John Doe", "items": ITEMS}


def test_from_the_publisher_to_the_query(shop: Shop) -> None:
    mark = new_id()
    orders = [_placed(f"{mark}-{number}") for number in range(7)]
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


def test_every_event_is_found_by_its_subject_and_by_its_story(shop: Shop) -> None:
    order_id = shop.order()

    def told() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = shop.get(f"/events?subject={order_id}", shop.staff)["items"]
        return found if "OrderConfirmed" in {event["type"] for event in found} else []

    about = shop.until(told)
    story = about[0]["detail"]["metadata"]["correlationId"]
    first = shop.get(f"/events?correlation={story}&limit=2", shop.staff)
    rest = shop.get(f"/events?correlation={story}&cursor={first['next']}", shop.staff)
    ids = [event["id"] for event in first["items"] + rest["items"]]
    assert len(set(ids)) == len(ids) >= 5
    assert {event["id"] for event in about} <= set(ids)


def test_an_event_of_others_that_the_processor_does_not_take_is_kept_too(shop: Shop) -> None:
    """… by its status, though it is of that type, as well as by its type."""
    ids = [new_id(), new_id()]
    shipped, unheard = ({"orderId": each, "status": "SHIPPED"} for each in ids)
    kinds = [("custom.myapp", "order_placed", shipped), ("somebody.else", f"Unheard{ids[1][-4:]}", unheard)]
    for source, kind, detail in kinds:
        event = {"id": new_id(), "source": source, "detail-type": kind, "time": timestamp(now()), "detail": detail}
        shop.host.publish(event)
    shop.until(lambda: [event for event in _events(shop) if event["detail"]["orderId"] == ids[0]])
    (event,) = shop.until(lambda: shop.get(f"/events?type=Unheard{ids[1][-4:]}", shop.staff)["items"])
    assert event["detail"] == unheard


def test_bad_input_is_the_calls_error(shop: Shop) -> None:
    answer = shop.host.invoke("EventPublisher", _placed("x") | {"items": []})
    assert answer["FunctionError"] == "Unhandled"
    assert "items" in answer["Payload"]["errorMessage"]


def test_by_the_aws_command_line(shop: Shop, tmp_path: Path) -> None:
    """In the words of those who have it: the payload as it is, the answer in a file, then the log of the processor."""
    order = _placed(new_id())
    call = ["lambda", "invoke", "--function-name", shop.host.physical("EventPublisher")]
    told = shop.host.aws(*call, "--payload", json.dumps(order), "response.json", folder=tmp_path)
    assert told == {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
    event_id = json.loads((tmp_path / "response.json").read_text())["eventId"]
    (event,) = shop.until(lambda: [event for event in _events(shop) if event["id"] == event_id])
    assert event["detail"] == order | {"status": "PLACED"}
    lines = shop.until(lambda: shop.host.logged("OrderProcessor", order["orderId"]))
    assert [event_id in line for line in lines if "order placed" in line] == [True]


def test_what_the_aws_command_line_says_of_bad_input(shop: Shop, tmp_path: Path) -> None:
    call = ["lambda", "invoke", "--function-name", shop.host.physical("EventPublisher")]
    told = shop.host.aws(*call, "--payload", '{"orderId": "x"}', "response.json", folder=tmp_path)
    assert (told["StatusCode"], told["FunctionError"]) == (200, "Unhandled")
    assert "customer: Field required" in json.loads((tmp_path / "response.json").read_text())["errorMessage"]
