import time
from collections.abc import Iterator
from typing import Any

import pytest

from cartwheel.aws.store import DynamoStore
from cartwheel.aws.tables import DynamoTable
from tests.contract.adapters import THINGS, dynamo_client

from .wire import Wire


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited between attempts; nothing waits for real."""
    naps: list[float] = []
    monkeypatch.setattr(time, "sleep", naps.append)
    return naps


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    """The SDK's client, for a wire to be put in."""
    with dynamo_client("http://127.0.0.1:1") as client:
        yield client


@pytest.fixture
def store(dynamodb: Any, wire: Wire, naps: list[float]) -> Iterator[DynamoStore]:
    dynamodb.meta.events.register("before-send.dynamodb", wire.answer)
    yield DynamoStore(dynamodb, {THINGS: DynamoTable("physical", {"by-group": ("group", "rank")})})
    dynamodb.meta.events.unregister("before-send.dynamodb", wire.answer)
