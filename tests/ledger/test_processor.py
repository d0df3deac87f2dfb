"""`OrderProcessor` keeps each placed order once, whatever comes twice, late or in a strange form."""

import json
from datetime import timedelta
from typing import Any

import pytest

from cartwheel.app import APP
from cartwheel.kernel.inbox import REMEMBERED
from cartwheel.ledger import store
from cartwheel.local.patterns import RuleSet
from tests.support.shop import Shop

from .world import ORDER, listed, placed, take


def test_the_rule_has_exactly_this_pattern() -> None:
    (consumer,) = [each for each in APP.consumers if each.name == "OrderProcessor"]
    pattern = '{"source":["custom.myapp"],"detail-type":["order_placed"],"detail":{"status":["PLACED"]}}'
    assert [json.dumps(each, separators=(",", ":")) for each in consumer.subscriptions] == [pattern]


@pytest.mark.parametrize(
    "change",
    [
        {"source": "custom.myapp2"},
        {"detail-type": "order_shipped"},
        {"detail": {**ORDER, "status": "SHIPPED"}},
        {"detail": ORDER},
    ],
    ids=["another source", "another type", "another status", "no status"],
)
def test_other_events_are_not_routed_there(change: dict[str, Any]) -> None:
    (consumer,) = [each for each in APP.consumers if each.name == "OrderProcessor"]
    rules = RuleSet()
    rules.add("placed", consumer.subscriptions[0])
    assert rules.matching(placed()) == ["placed"]
    assert rules.matching(placed() | change) == []


def test_an_event_is_stored_as_it_came(shop: Shop) -> None:
    event = placed(note="ü", price=9.99, big=2**70)
    take(shop, event)
    assert listed(shop).json == {
        "items": [
            {
                "id": event["id"],
                "source": "custom.myapp",
                "type": "order_placed",
                "time": "2026-11-20T19:22:26.000Z",
                "detail": event["detail"],
            }
        ],
        "next": None,
    }


def test_a_second_delivery_changes_nothing(shop: Shop) -> None:
    event = placed()
    for _ in range(3):
        take(shop, event)
    take(shop, event | {"detail": {**event["detail"], "orderId": "another"}})
    (kept,) = listed(shop).json["items"]
    assert kept["detail"]["orderId"] == "TEST-1234"


def test_events_are_told_apart_by_their_id_alone(shop: Shop) -> None:
    """Somebody may place the same order twice; that is not for the ledger to judge."""
    take(shop, placed())
    take(shop, placed())
    assert len(listed(shop).json["items"]) == 2


@pytest.mark.parametrize("metadata", [None, 5, [], {}, {"id": 7, "subject": 7, "correlationId": []}], ids=repr)
def test_metadata_that_is_not_ours_does_no_harm(shop: Shop, metadata: Any) -> None:
    event = placed(metadata=metadata)
    take(shop, event)
    assert listed(shop).json["items"][0]["id"] == event["id"]


@pytest.mark.parametrize("detail", [{}, {"orderId": None}, {"orderId": {"a": [1]}}, {"orderId": "x" * 100_000}])
def test_an_order_without_a_proper_id_is_kept(shop: Shop, detail: dict[str, Any]) -> None:
    event = placed() | {"detail": detail | {"status": "PLACED"}}
    take(shop, event)
    assert listed(shop).json["items"][0]["detail"] == event["detail"]


def test_a_number_that_no_reader_holds_is_kept_as_text(shop: Shop) -> None:
    body = json.dumps(placed(price="PRICE")).replace('"PRICE"', "0.1234567890123456789012345")
    with shop.engine.group():
        shop.engine.queues.send("OrderProcessor", body)
    shop.drain()
    assert listed(shop).json["items"][0]["detail"]["price"] == "0.1234567890123456789012345"


@pytest.mark.parametrize("time", ["yesterday", "", "2026-11-20T19:22:26", "9999-12-31T00:00:00Z"])
def test_an_event_without_a_time_is_a_dead_letter_and_not_dropped(shop: Shop, time: str) -> None:
    with shop.engine.group():
        for event in (placed(time=time), placed()):
            shop.engine.queues.send("OrderProcessor", json.dumps(event))
    shop.drain(allow_failures=True)
    ((queue, error),) = shop.dead_letters()
    assert queue == "OrderProcessor"
    assert "time" in error
    assert len(listed(shop).json["items"]) == 1


def test_one_line_of_the_log_names_the_order(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    event = placed()
    take(shop, event)
    (line,) = [vars(record) for record in caplog.records if "orderId" in vars(record)]
    assert (line["message"], line["orderId"], line["eventId"]) == ("order placed", "TEST-1234", event["id"])
    assert "John" not in caplog.text + str([vars(record) for record in caplog.records]), "no personal data"


def test_an_event_is_kept_longer_than_it_can_come_again() -> None:
    assert store.KEPT > REMEMBERED > timedelta(days=18)
