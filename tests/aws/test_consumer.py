"""A batch from SQS: what failed is named, and comes again after a delay that doubles."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest

from cartwheel.aws.consumer import MAX_DELAY, delay, make, outlived
from cartwheel.aws.deployment import Deployment, IncompleteDeployment
from cartwheel.kernel import consumer
from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.inbox import DELIVERABLE, Inbox
from cartwheel.kernel.store import Store
from cartwheel.kernel.unit_of_work import UnitOfWork
from tests.contract.adapters import THINGS
from tests.kernel.world import Packed, envelope, pack, weight

from .world import CONTEXT, Clients, Service, refusal

inbox = Inbox("packers", THINGS)


@inbox.on(Packed, "box", "note")
def packed(event: Packed, unit: UnitOfWork) -> None:
    if event.note:
        raise RuntimeError(event.note)
    pack(unit, event.box)


handler = consumer.handler(inbox)
DEPLOYMENT = Deployment(
    function="packers", handler="tests.aws.test_consumer:handler", queue_url="https://sqs/packers", retry_delay=2
)
Answer = dict[str, Any]


@pytest.fixture
def sqs(clients: Clients) -> Service:
    return clients.add("sqs", change_message_visibility_batch=lambda **_: {"Successful": [], "Failed": []})


def record(number: int, note: str | None = None, receives: int = 1, body: str | None = None) -> dict[str, Any]:
    """As SQS hands it over; the message's id is its number."""
    return {
        "messageId": str(number),
        "receiptHandle": f"handle-{number}",
        "body": body or json.dumps(envelope(Packed(box=f"box-{number}", note=note)).to_dict()),
        "attributes": {"ApproximateReceiveCount": str(receives), "SentTimestamp": "1700000000000"},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:packers",
        "awsRegion": "eu-central-1",
    }


def handle(*records: dict[str, Any], handler: str = DEPLOYMENT.handler) -> list[str]:
    """The ids that the answer names as failed; it says nothing else, since Lambda would not know it."""
    deployment = Deployment(
        function="packers", handler=handler, queue_url=DEPLOYMENT.queue_url, retry_delay=DEPLOYMENT.retry_delay
    )
    answer: Answer = make(deployment)({"Records": list(records)}, CONTEXT)
    assert answer.keys() == {"batchItemFailures"}
    assert all(each.keys() == {"itemIdentifier"} for each in answer["batchItemFailures"])
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def test_a_batch_that_succeeds_names_nobody_and_asks_nothing_of_sqs(clients: Clients, store: Store) -> None:
    assert handle(*map(record, range(10))) == []
    assert [weight(store, f"box-{number}") for number in range(10)] == [1] * 10


def test_an_event_that_comes_twice_has_one_effect(clients: Clients, store: Store) -> None:
    """EventBridge gives it another id each time; ours is inside."""
    first = record(1)
    again = {**record(2), "body": json.dumps(json.loads(first["body"]) | {"id": "another", "time": "later"})}
    assert handle(first) == handle(again) == handle(first, again) == []
    assert weight(store, "box-1") == 1


def test_what_failed_is_named_and_postponed(sqs: Service, store: Store) -> None:
    failing = [record(1, "no", receives=1), record(3, "no", receives=4)]
    assert handle(record(0), failing[0], record(2), failing[1]) == ["1", "3"]
    assert [weight(store, f"box-{number}") for number in range(4)] == [1, 0, 1, 0]
    ((_, request),) = sqs.asked
    assert request["QueueUrl"] == "https://sqs/packers"
    assert [(each["ReceiptHandle"], each["VisibilityTimeout"]) for each in request["Entries"]] == [
        ("handle-1", 2),
        ("handle-3", 16),
    ]
    assert len({each["Id"] for each in request["Entries"]}) == 2


def test_lesson_malformed_messages_are_dropped(sqs: Service) -> None:
    assert handle(record(0, body="no JSON"), record(1, body="{}"), record(2)) == ["0", "1"]


def aged(number: int, age: timedelta) -> dict[str, Any]:
    """A message whose event happened that long ago, though the bus may have sent it just now."""
    event = envelope(Packed(box=f"box-{number}")).to_dict()
    event["detail"]["metadata"]["time"] = timestamp(now() - age)
    return record(number, body=json.dumps(event))


def test_a_redrive_never_applies_an_effect_twice(sqs: Service, store: Store, log: io.StringIO) -> None:
    """SQS forgets at a redrive how old a message is; after twenty days its mark may be gone."""
    minute = timedelta(minutes=1)
    assert handle(record(0), aged(1, DELIVERABLE + minute), aged(2, DELIVERABLE - minute)) == ["1"]
    assert [weight(store, f"box-{number}") for number in range(3)] == [1, 0, 1]
    assert handle(aged(3, DELIVERABLE + minute)) == ["3"]
    assert log.getvalue().count("too old") == 2
    assert [len(request["Entries"]) for request in sqs.requests("change_message_visibility_batch")] == [1, 1]


@pytest.mark.parametrize("time", ["", "yesterday", "2026-01-01T00:00:00", 5, None])
def test_a_time_that_tells_nothing_keeps_nobody_out(time: Any) -> None:
    event = envelope(Packed(box="box-0")).to_dict()
    event["detail"]["metadata"]["time"] = event["time"] = time
    assert not outlived(record(0, body=json.dumps(event)))


def test_more_than_ten_are_postponed_ten_at_a_time(sqs: Service) -> None:
    assert len(handle(*[record(number, "no") for number in range(23)])) == 23
    requests = sqs.requests("change_message_visibility_batch")
    assert [len(request["Entries"]) for request in requests] == [10, 10, 3]
    handles = [each["ReceiptHandle"] for request in requests for each in request["Entries"]]
    assert handles == [f"handle-{number}" for number in range(23)]


@pytest.mark.parametrize("error", [refusal("AccessDenied"), OSError("gone")], ids=repr)
def test_an_sqs_that_refuses_changes_nothing_about_the_batch(sqs: Service, error: Exception, log: io.StringIO) -> None:
    def refuses(**_: Any) -> None:
        raise error

    sqs.answers["change_message_visibility_batch"] = refuses
    assert handle(record(0), record(1, "no")) == ["1"]
    assert "later than they should" in log.getvalue()


def test_single_refusals_are_told(sqs: Service, log: io.StringIO) -> None:
    sqs.answers["change_message_visibility_batch"] = lambda **_: {"Failed": [{"Id": "0", "Code": "ReceiptGone"}]}
    assert handle(record(1, "no")) == ["1"]
    assert "ReceiptGone" in log.getvalue()


def breaks(event: dict[str, Any], context: Any) -> None:
    raise RuntimeError("whole")


def answers_strangely(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return {"done": True}


@pytest.mark.parametrize("name", ["breaks", "answers_strangely"])
def test_lesson_success_before_the_writes_are_done(sqs: Service, name: str, log: io.StringIO) -> None:
    """A function that fails as a whole has done nothing that counts: all its messages come again, in time."""
    assert handle(record(0), record(1), handler=f"tests.aws.test_consumer:{name}") == ["0", "1"]
    assert len(sqs.requests("change_message_visibility_batch")[0]["Entries"]) == 2
    assert "the function failed" in log.getvalue()


@pytest.mark.parametrize(
    ("first", "receives", "seconds"),
    [
        (1, 1, 1),
        (1, 2, 2),
        (1, 5, 16),
        (0.4, 1, 0),
        (0.4, 3, 2),
        (30, 4, 240),
        (3600, 5, MAX_DELAY),
        (1, 10_000, MAX_DELAY),
    ],
)
def test_the_delay_doubles_up_to_what_sqs_allows(first: float, receives: int, seconds: int) -> None:
    found = delay(first, receives)
    assert (found, type(found)) == (seconds, int)


def test_without_its_queue_it_does_not_start(clients: Clients) -> None:
    with pytest.raises(IncompleteDeployment, match="CARTWHEEL_QUEUE_URL"):
        make(Deployment(function="packers", handler=DEPLOYMENT.handler))
