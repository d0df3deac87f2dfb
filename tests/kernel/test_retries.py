"""What a failed delivery leaves in the log: which event and order, which attempt, and whether it comes again."""

import io
import json
from typing import Any

import pytest

from cartwheel.kernel import consumer
from cartwheel.kernel.environment import Environment, install
from cartwheel.kernel.events import Cause, Envelope, Event
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.queue import Retries
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.store import Store
from cartwheel.kernel.unit_of_work import UnitOfWork
from tests.contract.adapters import THINGS
from tests.support.shop import Context


class Told(Event, source="test", subject="basket_id"):
    basket_id: str
    order_id: str


def deliver(store: Store, receives: int, log: io.StringIO, *bodies: str) -> dict[str, Any]:
    """The line that it leaves; with several bodies, that of the last of the batch."""
    inbox = Inbox("packers", THINGS)

    @inbox.on(Told, "order_id")
    def fail(event: Told, unit: UnitOfWork) -> None:
        raise LookupError("no shelf")

    install(Environment("packers", store, Settings(), retries=Retries(4, 0.5)))
    envelope = Envelope.of(Told(basket_id="a-basket", order_id="an-order"), Cause("a-story", "a-request")).to_dict()
    messages = [
        {"messageId": str(number), "body": body, "attributes": {"ApproximateReceiveCount": str(receives)}}
        for number, body in enumerate(bodies or [json.dumps(envelope)], start=1)
    ]
    consumer.handler(inbox)({"Records": messages}, Context("packers"))
    line: dict[str, Any] = json.loads(log.getvalue().splitlines()[-1])
    return line | {"envelope": envelope}


@pytest.mark.parametrize(("receives", "seconds"), [(1, 0.5), (2, 1), (3, 2), (4, None), (5, None)])
def test_it_says_when_it_comes_again_or_that_it_does_not(
    store: Store, log: io.StringIO, receives: int, seconds: float | None
) -> None:
    line = deliver(store, receives, log)
    assert (line["receives"], line.get("retrySeconds"), line.get("lastDelivery", False)) == (
        receives,
        seconds,
        seconds is None,
    )


def test_it_is_found_by_its_order_and_its_event(store: Store, log: io.StringIO) -> None:
    line = deliver(store, 1, log)
    assert (line["orderId"], line["subject"], line["correlationId"]) == ("an-order", "a-basket", "a-story")
    assert (line["eventId"], line["eventType"]) == (line["envelope"]["id"], "Told")
    assert line["milliseconds"] >= 0


def test_one_that_cannot_be_read_belongs_to_no_order(store: Store, log: io.StringIO) -> None:
    deliver(store, 1, log)
    line = deliver(store, 1, log, "[]")
    assert (line["causationId"], "orderId" in line, "eventId" in line) == ("1", False, False)


def test_it_does_not_belong_to_the_order_of_the_one_before_it(store: Store, log: io.StringIO) -> None:
    readable = json.dumps(deliver(store, 1, log)["envelope"])
    line = deliver(store, 1, log, readable, "[]")
    assert (line["causationId"], "orderId" in line) == ("2", False)
    assert json.loads(log.getvalue().splitlines()[-2])["orderId"] == "an-order"
