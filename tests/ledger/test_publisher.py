"""`EventPublisher` says that an order is published when the bus has the event, and not before."""

from typing import Any

import pytest

from cartwheel.kernel.bus import Entry, NotTaken
from cartwheel.kernel.direct import InvalidPayload
from cartwheel.kernel.ids import is_id
from cartwheel.kernel.store import AccessDenied
from tests.support.shop import Shop

from .world import ORDER, listed


def test_the_event_goes_from_publisher_to_query(shop: Shop) -> None:
    answer = shop.invoke("EventPublisher", ORDER)
    (event,) = shop.envelopes()
    assert answer == {"eventId": event["id"], "source": "custom.myapp", "detailType": "order_placed"}
    assert is_id(event["id"])
    assert (event["source"], event["detail-type"]) == ("custom.myapp", "order_placed")
    assert event["detail"] == {**ORDER, "status": "PLACED"}, "and no metadata of ours"
    shop.drain()
    (kept,) = listed(shop, "limit=5").json["items"]
    assert (kept["id"], kept["time"], kept["detail"]) == (event["id"], event["time"], event["detail"])


@pytest.mark.parametrize(
    ("payload", "fault"),
    [
        ({}, "orderId"),
        (None, "payload"),
        ([], "payload"),
        ("text", "payload"),
        ({**ORDER, "items": []}, "items"),
        ({**ORDER, "items": [{"id": "p", "quantity": 0}]}, "items.0.quantity"),
        ({**ORDER, "items": [{"id": "p", "quantity": True}]}, "items.0.quantity"),
        ({**ORDER, "items": [{"id": "p", "quantity": 1.5}]}, "items.0.quantity"),
        ({**ORDER, "items": [{"id": " ", "quantity": 1}]}, "items.0.id"),
        ({**ORDER, "orderId": ""}, "orderId"),
        ({**ORDER, "customer": None}, "customer"),
        ({**ORDER, "status": "SHIPPED"}, "status"),
        ({**ORDER, "metadata": {"id": "mine"}}, "metadata"),
    ],
)
def test_bad_input_publishes_nothing_and_names_the_field(shop: Shop, payload: Any, fault: str) -> None:
    with pytest.raises(InvalidPayload, match=fault) as refused:
        shop.invoke("EventPublisher", payload)
    assert shop.envelopes() == []
    assert "John" not in str(refused.value)


def test_lesson_failed_entry_count_never_read(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the bus does not take is an error, never a success."""

    def refuse(entry: Entry) -> str:
        raise NotTaken("ThrottlingException: Rate exceeded")

    monkeypatch.setattr(shop.engine.bus, "put", refuse)
    with pytest.raises(NotTaken, match="Rate exceeded"):
        shop.invoke("EventPublisher", ORDER)


def test_an_event_that_is_too_large_is_not_taken(shop: Shop) -> None:
    with pytest.raises(NotTaken, match="262144"):
        shop.put(Entry("custom.myapp", "order_placed", {"text": "x" * 300_000}))
    assert shop.envelopes() == []


def test_facts_of_slices_go_by_their_outbox() -> None:
    with pytest.raises(ValueError, match="outbox"):
        Entry("cartwheel.ordering", "OrderPlaced", {})


def test_who_has_not_declared_it_may_not_publish(shop: Shop) -> None:
    from cartwheel.kernel.environment import environment

    shop.request("GET", "/events?type=x", token="staff")
    with pytest.raises(AccessDenied, match="ledger-api has not declared 'publish' in the map"):
        environment().bus.put(Entry("custom.myapp", "order_placed", {}))
