"""The bus on EventBridge, with the rules and queues of the suites' map."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.session import Session

from cartwheel.aws.bus import EventBridgeBus
from cartwheel.aws.clients import CONFIG
from cartwheel.kernel.ids import new_id

from .adapters import CREDENTIALS, MAP, BusUnderTest


@contextmanager
def eventbridge_bus(endpoint: str) -> Iterator[BusUnderTest]:
    """On a bus and queues of its own."""
    events, sqs = (
        Session().create_client(service, endpoint_url=endpoint, config=CONFIG, **CREDENTIALS)
        for service in ("events", "sqs")
    )
    mark = new_id()
    events.create_event_bus(Name=mark)
    queues = {each.name: sqs.create_queue(QueueName=f"{each.name}-{mark}")["QueueUrl"] for each in MAP.consumers}
    for consumer in MAP.consumers:
        for number, pattern in enumerate(consumer.subscriptions):
            _route(events, mark, f"{consumer.name}-{number}", pattern, _arn(sqs, queues[consumer.name]))
    yield BusUnderTest(EventBridgeBus(events, mark), lambda queue: list(_bodies(sqs, queues[queue])))
    for url in queues.values():
        sqs.delete_queue(QueueUrl=url)
    for client in (events, sqs):
        client.close()


def _route(events: Any, bus: str, rule: str, pattern: dict[str, Any], queue_arn: str) -> None:
    events.put_rule(Name=rule, EventBusName=bus, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, EventBusName=bus, Targets=[{"Id": "queue", "Arn": queue_arn}])


def _arn(sqs: Any, url: str) -> str:
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    arn: str = attributes["QueueArn"]
    return arn


def _bodies(sqs: Any, url: str) -> Iterator[str]:
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages"):
        yield from (message["Body"] for message in messages)
