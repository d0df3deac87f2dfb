"""Queues: encrypted, reached by TLS only, and with a place for what they cannot deliver."""

from aws_cdk import CfnOutput, Duration
from aws_cdk.aws_iam import PolicyStatement, ServicePrincipal
from aws_cdk.aws_sqs import DeadLetterQueue, Queue, QueueEncryption
from constructs import Construct

from cartwheel.kernel.topology import Consumer
from infra.accepted import accept

KEPT = Duration.days(14)


def consumer_queue(scope: Construct, name: str, consumer: Consumer) -> Queue:
    """The queue of a consumer, with its dead letters beside it."""
    dead_letters = _queue(scope, f"{name}DeadLetters", Duration.seconds(consumer.dead_letter_retention.total_seconds()))
    queue = _queue(
        scope,
        f"{name}Queue",
        Duration.seconds(consumer.retention.total_seconds()),
        visibility_timeout=Duration.seconds(consumer.visibility.total_seconds()),
        dead_letter_queue=DeadLetterQueue(queue=dead_letters, max_receive_count=consumer.max_receives),
    )
    CfnOutput(scope, f"{name}QueueUrl", value=queue.queue_url)
    CfnOutput(scope, f"{name}DeadLettersUrl", value=dead_letters.queue_url)
    return queue


def last_resort(scope: Construct, name: str) -> Queue:
    """A queue for what could be delivered nowhere else."""
    queue = _queue(scope, name, KEPT)
    accept(queue, "SQS3", "It holds dead letters itself: those of rules, schedules or streams.")
    CfnOutput(scope, f"{name}Url", value=queue.queue_url)
    return queue


def let_rules_send(queue: Queue, rules: list[str]) -> None:
    """Events of these rules (ARNs), and of no others, may be put into the queue."""
    queue.add_to_resource_policy(
        PolicyStatement(
            principals=[ServicePrincipal("events.amazonaws.com")],
            actions=["sqs:SendMessage"],
            resources=[queue.queue_arn],
            conditions={"ArnEquals": {"aws:SourceArn": rules}},
        )
    )


def _queue(
    scope: Construct,
    name: str,
    retention: Duration,
    visibility_timeout: Duration | None = None,
    dead_letter_queue: DeadLetterQueue | None = None,
) -> Queue:
    return Queue(
        scope,
        name,
        retention_period=retention,
        visibility_timeout=visibility_timeout,
        dead_letter_queue=dead_letter_queue,
        encryption=QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
    )
