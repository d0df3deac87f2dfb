"""Events in: rules carry them from the bus into the consumer's queue, and Lambda feeds them to its function.

bus ──rule──► queue ──► function
       │        └─ after `max_receives` ──► its dead letters
       └─ what a rule could not deliver ──► undelivered
"""

from typing import Any, Final

from aws_cdk import Duration
from aws_cdk.aws_events import CfnRule, EventBus
from aws_cdk.aws_lambda import EventSourceMapping, Function
from aws_cdk.aws_sqs import Queue

from cartwheel.kernel.topology import Consumer
from infra.names import pascal

from .function import Place
from .queue import let_rules_send

GATHERING: Final = Duration.seconds(1)  # the least that Lambda takes for batches of more than ten
DELIVERY: Final = CfnRule.RetryPolicyProperty(maximum_event_age_in_seconds=24 * 3600, maximum_retry_attempts=185)


def subscribe(place: Place, consumer: Consumer, bus: EventBus, queue: Queue, undelivered: Queue) -> list[str]:
    """One rule for each of the consumer's patterns; answers their ARNs."""
    rules = [
        _rule(place, f"{pascal(consumer.name)}Rule{number}", bus, pattern, queue, undelivered)
        for number, pattern in enumerate(consumer.subscriptions, 1)
    ]
    let_rules_send(queue, rules)
    return rules


def feed(place: Place, consumer: Consumer, queue: Queue, function: Function) -> None:
    """A message that fails is alone delivered again; the bound on concurrency is the queue's, so nothing is refused."""
    EventSourceMapping(
        place.stack,
        f"{pascal(consumer.name)}Source",
        target=function,
        event_source_arn=queue.queue_arn,
        batch_size=consumer.batch,
        max_batching_window=GATHERING if consumer.gathers else None,
        report_batch_item_failures=True,
        max_concurrency=consumer.function.concurrency or place.settings.concurrency,
    )


def _rule(place: Place, name: str, bus: EventBus, pattern: dict[str, Any], queue: Queue, undelivered: Queue) -> str:
    target = CfnRule.TargetProperty(
        id="queue",
        arn=queue.queue_arn,
        retry_policy=DELIVERY,
        dead_letter_config=CfnRule.DeadLetterConfigProperty(arn=undelivered.queue_arn),
    )
    rule = CfnRule(place.stack, name, event_bus_name=bus.event_bus_name, event_pattern=pattern, targets=[target])
    return rule.attr_arn
