"""`EventPublisher` on Lambda: the real business code behind its entry point, with EventBridge's every answer."""

import importlib
import json
from typing import Any

import pytest

from cartwheel.aws import cold_start
from cartwheel.aws.business import load
from cartwheel.aws.deployment import Deployment
from cartwheel.kernel.bus import Entry, NotTaken
from cartwheel.kernel.direct import InvalidPayload
from cartwheel.kernel.environment import environment
from cartwheel.kernel.store import AccessDenied
from tests.ledger.world import ORDER

from .world import CONTEXT, Clients, Service, refusal

DEPLOYMENT = Deployment(
    function="EventPublisher",
    handler="cartwheel.ledger.invoked:publisher",
    table="ledger",
    table_name="ledger-1A2B",
    bus_name="bus-1A2B",
)


def answering(clients: Clients, answer: Any) -> Service:
    clients.add("dynamodb")
    return clients.add("events", put_events=lambda **_: answer)


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Clients:
    known = Clients()
    monkeypatch.setattr("cartwheel.aws.clients.client", known.client)
    return known


def test_an_order_goes_to_the_bus_with_an_id_and_a_time_of_the_bus(clients: Clients) -> None:
    service = answering(clients, {"FailedEntryCount": 0, "Entries": [{"EventId": "made-by-the-bus"}]})
    assert load(DEPLOYMENT)(ORDER, CONTEXT) == {
        "eventId": "made-by-the-bus",
        "source": "custom.myapp",
        "detailType": "order_placed",
    }
    ((_, request),) = service.asked
    (entry,) = request["Entries"]
    detail = json.loads(entry.pop("Detail"))
    assert entry == {"EventBusName": "bus-1A2B", "Source": "custom.myapp", "DetailType": "order_placed"}
    assert detail == {**ORDER, "status": "PLACED"}


THROTTLED = {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"FailedEntryCount": 1, "Entries": [THROTTLED]}, "ThrottlingException: Rate exceeded"),
        ({"FailedEntryCount": 0, "Entries": [{}]}, "no id"),
        ({"FailedEntryCount": 0, "Entries": []}, "not an answer for each entry"),
        ({}, "KeyError"),
    ],
)
def test_lesson_failed_entry_count_never_read(clients: Clients, answer: Any, reason: str) -> None:
    answering(clients, answer)
    with pytest.raises(NotTaken, match=reason):
        load(DEPLOYMENT)(ORDER, CONTEXT)


def test_a_call_that_fails_is_no_success(clients: Clients) -> None:
    def fail(**_: Any) -> Any:
        raise refusal("InternalFailure", "PutEvents")

    clients.add("dynamodb")
    clients.add("events", put_events=fail)
    with pytest.raises(NotTaken, match="InternalFailure"):
        load(DEPLOYMENT)(ORDER, CONTEXT)


def test_bad_input_does_not_reach_the_bus(clients: Clients) -> None:
    service = answering(clients, {})
    with pytest.raises(InvalidPayload, match=r"items\.0\.quantity"):
        load(DEPLOYMENT)({**ORDER, "items": [{"id": "p", "quantity": 0}]}, CONTEXT)
    assert service.asked == []


def test_what_is_too_large_is_not_even_offered(clients: Clients) -> None:
    service = answering(clients, {})
    load(DEPLOYMENT)
    with pytest.raises(NotTaken, match="262144"):
        environment().bus.put(Entry("custom.myapp", "order_placed", {"text": "é" * 140_000}))
    assert service.asked == []


def test_who_is_told_of_no_bus_has_none(clients: Clients) -> None:
    clients.add("dynamodb")
    load(Deployment(**{**vars(DEPLOYMENT), "bus_name": ""}))
    with pytest.raises(AccessDenied, match="EventPublisher has not declared 'publish'"):
        environment().bus.put(Entry("custom.myapp", "order_placed", {}))


def test_the_entry_point_is_the_business_function_itself(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(clients, {"Entries": [{"EventId": "x"}]})
    for name, value in DEPLOYMENT.variables().items():
        monkeypatch.setenv(name, value)
    module = importlib.import_module("cartwheel.aws.direct")
    monkeypatch.setattr(module, "__getattr__", cold_start.at_cold_start(load))
    assert module.handler(ORDER, CONTEXT)["eventId"] == "x"
