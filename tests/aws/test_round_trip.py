"""From a transaction to its effect elsewhere, over services that are not ours: table, stream, bus, queue."""

import io
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from botocore.session import Session

from cartwheel.aws import clients, consumer, relay
from cartwheel.aws.deployment import Deployment
from cartwheel.aws.own_table import open_store
from cartwheel.kernel import tracing
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.outbox import unsent
from cartwheel.kernel.spans import spans
from cartwheel.kernel.store import Item, Store
from cartwheel.kernel.unit_of_work import UnitOfWork, run
from tests.contract.adapters import THINGS
from tests.kernel.world import Packed, cause, pack, weight
from tests.support.ministack import KEYS

from .world import CONTEXT

KEY, OUTBOX = ("PK", "SK"), ("outboxShard", "outboxId")
STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}


@dataclass
class Stage:
    """A deployed slice: `deployment` is what its functions are told."""

    deployment: Deployment
    store: Store
    stream: str

    def records(self) -> dict[str, Any]:
        """What the stream tells, from its beginning."""
        streams = Session().create_client("dynamodbstreams")
        shards = streams.describe_stream(StreamArn=self.stream)["StreamDescription"]["Shards"]
        found: list[Item] = []
        for shard in shards:
            at = {"StreamArn": self.stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
            found += streams.get_records(ShardIterator=streams.get_shard_iterator(**at)["ShardIterator"])["Records"]
        streams.close()
        return {"Records": [record for record in found if "NewImage" in record["dynamodb"]]}

    def messages(self) -> dict[str, Any]:
        """What the queue hands out now, as Lambda would get it."""
        asked = {"MaxNumberOfMessages": 10, "MessageSystemAttributeNames": ["All"], "WaitTimeSeconds": 1}
        answer = clients.client("sqs").receive_message(QueueUrl=self.deployment.queue_url, **asked)
        names = {"MessageId": "messageId", "ReceiptHandle": "receiptHandle", "Body": "body", "Attributes": "attributes"}
        found = answer.get("Messages", [])
        return {"Records": [{names[key]: value for key, value in each.items() if key in names} for each in found]}


@pytest.fixture
def stage(ministack: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": ministack}.items():
        monkeypatch.setenv(name, value)
    clients.client.cache_clear()
    clients.session.cache_clear()
    name = f"stage-{new_id()}"
    stream = _table(name)
    deployment = Deployment(
        function="packers",
        handler="tests.aws.test_consumer:handler",
        table=THINGS,
        table_name=name,
        indexes={"outbox": OUTBOX},
        bus_name=name,
        queue_url=_queue(name),
        retry_delay=2,
    )
    yield Stage(deployment, open_store(deployment), stream)
    clients.client.cache_clear()
    clients.session.cache_clear()


def _table(name: str) -> str:
    """Answers its stream."""
    made = clients.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in (*KEY, *OUTBOX)],
        KeySchema=_keys(*KEY),
        GlobalSecondaryIndexes=[
            {"IndexName": "outbox", "KeySchema": _keys(*OUTBOX), "Projection": {"ProjectionType": "ALL"}}
        ],
        StreamSpecification=STREAM,
    )
    arn: str = made["TableDescription"]["LatestStreamArn"]
    return arn


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def _queue(name: str) -> str:
    """Answers its URL; what is packed goes there."""
    events, sqs = clients.client("events"), clients.client("sqs")
    events.create_event_bus(Name=name)
    url: str = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=name, EventBusName=name, EventPattern=json.dumps({"source": ["test"]}))
    events.put_targets(Rule=name, EventBusName=name, Targets=[{"Id": "queue", "Arn": arn}])
    return url


def happen(stage: Stage, *notes: str | None) -> None:
    """A transaction that changes something and tells of it, with an event for each note."""

    def work(unit: UnitOfWork) -> None:
        pack(unit, "told")
        unit.emit(*[Packed(box=f"box-{at}", note=note) for at, note in enumerate(notes)])

    run(stage.store, THINGS, cause(), work)


def test_an_event_gets_from_its_transaction_to_its_effect_once(stage: Stage) -> None:
    happen(stage, None, None)
    batch = stage.records()
    send = relay.make(stage.deployment)
    assert send(batch, CONTEXT) == send(batch, CONTEXT) == {"batchItemFailures": []}, "the stream repeats itself"
    assert list(unsent(stage.store, THINGS)) == []
    receive = consumer.make(stage.deployment)
    records = stage.messages()["Records"]
    assert len(records) == 4
    assert receive({"Records": records}, CONTEXT) == {"batchItemFailures": []}
    assert [weight(stage.store, f"box-{at}") for at in (0, 1)] == [1, 1]


def test_the_sweeper_finds_what_the_stream_forgot(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    happen(stage, None)
    send = relay.make(stage.deployment)
    assert send({}, CONTEXT) == {"sent": 0}, "it is younger than a minute"
    monkeypatch.setattr(relay, "AGE", relay.AGE * 0)
    time.sleep(0.002)
    assert send({}, CONTEXT) == {"sent": 1}
    assert len(stage.messages()["Records"]) == 1


def test_what_failed_comes_again_sooner_than_the_visibility_timeout(stage: Stage) -> None:
    happen(stage, "fails")
    relay.make(stage.deployment)(stage.records(), CONTEXT)
    receive = consumer.make(stage.deployment)
    (record,) = stage.messages()["Records"]
    begun = time.monotonic()
    assert len(receive({"Records": [record]}, CONTEXT)["batchItemFailures"]) == 1
    polls = (stage.messages()["Records"] for _ in range(10))
    (again,) = next(records for records in polls if records)
    assert 1.5 < time.monotonic() - begun < 10
    assert again["messageId"] == record["messageId"]
    assert again["attributes"]["ApproximateReceiveCount"] == "2"


def test_a_trace_goes_through_table_stream_bus_and_queue(stage: Stage, log: io.StringIO) -> None:
    context = tracing.begin()
    happen(stage, None)
    relay.make(stage.deployment)(stage.records(), CONTEXT)
    assert consumer.make(stage.deployment)(stage.messages(), CONTEXT) == {"batchItemFailures": []}
    found = spans(json.loads(line) for line in log.getvalue().splitlines())
    assert [span.kind for span in found] == ["outbox", "bus", "queue", "delivery"]
    assert {(span.trace_id, span.parent_id) for span in found} == {(context.trace_id, context.span_id)}
    assert [span.began for span in found[1:]] == [span.ended for span in found[:-1]]
    assert all(timedelta(0) <= span.ended - span.began < timedelta(minutes=1) for span in found)
