"""The map tells the truth: what it declares is there, and what is there is declared."""

import importlib
import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from cartwheel.app import APP, BASKET, PAYMENT
from cartwheel.kernel.bus import OWN
from cartwheel.kernel.events import Event
from cartwheel.kernel.inbox import REMEMBERED, Inbox
from cartwheel.kernel.openapi import document
from cartwheel.kernel.projection import Projected
from cartwheel.kernel.topology import App, Consumer, Projection, Slice

from .checkout import PACKAGE, project

FUNCTIONS = [(part, function) for part in APP.slices for function in part.functions]
CONSUMERS = [(part, consumer) for part in APP.slices for consumer in part.consumers]

every_slice = pytest.mark.parametrize("part", APP.slices, ids=[part.name for part in APP.slices])
every_consumer = pytest.mark.parametrize(("part", "consumer"), CONSUMERS, ids=[each.name for _, each in CONSUMERS])


def resolved(handler: str) -> Any:
    module, _, attribute = handler.partition(":")
    return getattr(importlib.import_module(module), attribute)


def readme(part: Slice) -> str:
    return (PACKAGE / part.name / "README.md").read_text()


def subscribed(consumer: Consumer) -> set[tuple[str, str]]:
    """Source and type of every event that the rules of the consumer name; some take all but a few."""
    return {
        (source, detail_type)
        for pattern in consumer.subscriptions
        if "source" in pattern
        for source in pattern["source"]
        for detail_type in pattern["detail-type"]
    }


def routes(*parts: Slice) -> set[str]:
    """The routes of the slices, such as `GET /orders/{}`."""
    paths = document(App(parts))["paths"]
    return {route(method, path) for path, operations in paths.items() for method in operations}


def route(method: str, path: str) -> str:
    """With nameless parameters: a document may call them as it likes."""
    return f"{method.upper()} {re.sub(r'[{<][^}>]*[}>]', '{}', path)}"


def named_routes(text: str) -> set[str]:
    """The routes a document names: `GET /orders`, `GET|PUT /me`."""
    named = re.findall(r"\b((?:GET|POST|PUT|DELETE|PATCH|\|)+) (/[\w/{}<>.-]*)", text)
    return {route(method, path) for methods, path in named for method in methods.split("|")}


def test_names_are_unique() -> None:
    names = [function.name for _, function in FUNCTIONS] + [table.name for table in APP.tables]
    assert [name for name, count in Counter(names).items() if count > 1] == []


@pytest.mark.parametrize(("part", "function"), FUNCTIONS, ids=[each.name for _, each in FUNCTIONS])
def test_every_function_is_there(part: Slice, function: Any) -> None:
    assert function.handler.startswith(f"cartwheel.{part.name}.")
    assert callable(resolved(function.handler))


@every_consumer
def test_a_consumer_handles_what_it_subscribes_to(part: Slice, consumer: Consumer) -> None:
    inbox: Inbox = resolved(consumer.function.handler).inbox
    assert inbox.handles == subscribed(consumer)
    assert inbox.handles_every == any("source" not in pattern for pattern in consumer.subscriptions)
    assert (inbox.consumer, inbox.table) == (consumer.name, part.table.name)


@every_consumer
def test_what_a_consumer_did_is_remembered_longer_than_its_messages_live(part: Slice, consumer: Consumer) -> None:
    assert consumer.retention + consumer.dead_letter_retention < REMEMBERED


@every_slice
def test_a_slice_emits_what_it_publishes(part: Slice) -> None:
    module = importlib.import_module(f"cartwheel.{part.name}.events")
    published = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Event) and value.__module__ == module.__name__
    ]
    assert set(published) == set(part.emits)
    assert {event.source for event in published} <= {f"cartwheel.{part.name}"}


@every_slice
def test_a_projection_is_what_its_slice_says_it_is(part: Slice) -> None:
    handlers = {consumer.name: consumer.function.handler for consumer in part.consumers}
    paths = document(App((part,)))["paths"]
    assert {path.split("/")[2] for path in paths if path.startswith("/projections/")} == {
        projection.name for projection in part.projections
    }
    for projection in part.projections:
        projected: Projected = resolved(projection.definition)
        assert (projected.name, projected.table) == (projection.name, part.table.name)
        assert projected.handler == handlers[projection.consumer]
        assert part.api
        assert part.api.access >= {"get", "scan", "put", "delete"}


def test_what_reaches_outside_is_no_projection() -> None:
    """Handled again, its events would charge again."""
    payments = Projection("payments", "payment-events", "cartwheel.payment.rebuilt:PAYMENTS")
    with pytest.raises(ValueError, match="payments cannot be a projection: payment-events calls the payment provider"):
        replace(PAYMENT, projections=(payments,))
    with pytest.raises(ValueError, match="prices is to be made by basket-events, no consumer of payment"):
        replace(PAYMENT, projections=BASKET.projections)


def test_every_event_is_emitted_once() -> None:
    every = [*APP.common, *(event for part in APP.slices for event in part.emits)]
    emitted = Counter((event.source, event.detail_type()) for event in every)
    assert [event for event, count in emitted.items() if count > 1] == []
    heard = {event for consumer in APP.consumers for event in subscribed(consumer)}
    assert {(source, name) for source, name in heard if source.startswith(OWN)} <= emitted.keys()


@every_slice
def test_a_slice_has_its_readme_with_its_events(part: Slice) -> None:
    events = {event.detail_type() for event in part.emits}
    events |= {name for consumer in part.consumers for _, name in subscribed(consumer)}
    text = readme(part)
    assert {event for event in events if f"`{event}`" not in text} == set()


@every_slice
def test_a_slice_has_its_readme_with_its_routes(part: Slice) -> None:
    named = named_routes(readme(part))
    assert routes(part) - named == set()
    assert named - routes(*APP.slices) == set()


def test_every_slice_is_on_the_map_and_kept_apart() -> None:
    slices = {part.name for part in APP.slices}
    assert {path.parent.name for path in PACKAGE.glob("*/events.py")} - {"kernel"} == slices
    modules = {f"cartwheel.{name}" for name in slices}
    contracts = {contract["name"]: contract for contract in project()["tool"]["importlinter"]["contracts"]}
    for name, those in {
        "Slices know of each other only the published events": "modules",
        "Slices and kernel leave input and output to the hosts": "source_modules",
        "botocore belongs to the AWS adapters, the CDK to infra/: neither is needed to run here": "source_modules",
    }.items():
        assert modules <= set(contracts[name][those])
    layers = next(contract["layers"] for contract in contracts.values() if contract["type"] == "layers")
    assert modules in [set(layer.split(" : ")) for layer in layers]
