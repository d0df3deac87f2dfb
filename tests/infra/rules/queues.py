"""No message is lost, and none is tried for ever."""

from collections.abc import Iterator
from typing import Any, Final

from cartwheel.app import APP
from tests.infra.stage import MAPPING, QUEUE, RULE, Stage, pascal, walk

FORTNIGHT: Final = 14 * 24 * 3600


def dead_letters_follow_every_queue(stage: Stage) -> Iterator[str]:
    """A queue redrives, or takes itself what others could not deliver."""
    for name in stage.of(QUEUE).keys() - _dead_letters(stage):
        if not stage.of(QUEUE)[name].get("RedrivePolicy", {}).get("maxReceiveCount"):
            yield f"{name} has no dead letters"


def dead_letters_are_kept_for_a_fortnight(stage: Stage) -> Iterator[str]:
    for name in sorted(_dead_letters(stage)):
        if stage.of(QUEUE).get(name, {}).get("MessageRetentionPeriod") != FORTNIGHT:
            yield f"{name} keeps dead letters for another time than {FORTNIGHT} s"


def consumers_queues_are_as_the_map_says(stage: Stage) -> Iterator[str]:
    for consumer in APP.consumers:
        queue = stage.of(QUEUE).get(stage.output(f"{pascal(consumer.name)}QueueUrl"), {})
        found = (
            queue.get("RedrivePolicy"),
            queue.get("MessageRetentionPeriod"),
            queue.get("VisibilityTimeout"),
        )
        dead_letters = f"{stage.output(f'{pascal(consumer.name)}DeadLettersUrl')}.Arn"
        wanted = (
            {"deadLetterTargetArn": dead_letters, "maxReceiveCount": consumer.max_receives},
            consumer.retention.total_seconds(),
            consumer.visibility.total_seconds(),
        )
        if found != wanted:
            yield f"the queue of {consumer.name} is {found}, and should be {wanted}"


def messages_stay_hidden_for_six_timeouts(stage: Stage) -> Iterator[str]:
    functions = dict(stage.functions.values())
    for mapping in stage.of(MAPPING).values():
        queue = stage.of(QUEUE).get(_owner(mapping["EventSourceArn"]))
        if queue and queue.get("VisibilityTimeout", 30) < 6 * functions[mapping["FunctionName"]]["Timeout"]:
            yield f"{mapping['EventSourceArn']} shows messages again while {mapping['FunctionName']} may have them"


def queues_are_encrypted(stage: Stage) -> Iterator[str]:
    for name, queue in stage.of(QUEUE).items():
        if queue.get("SqsManagedSseEnabled") is not True:
            yield f"{name} is not encrypted"


def queues_take_only_their_own_rules_events(stage: Stage) -> Iterator[str]:
    """Beside what a role allows: TLS only, and the rules that deliver here or lay their dead letters here."""
    policies = _statements(stage)
    for name in stage.of(QUEUE):
        senders = _senders(stage, f"{name}.Arn")
        wanted = [_tls_only(f"{name}.Arn"), *([_send(f"{name}.Arn", senders)] if senders else [])]
        if [_sorted(statement) for statement in policies.get(name, [])] != wanted:
            yield f"{name} lets in others than its rules: {policies.get(name)}"


def _dead_letters(stage: Stage) -> set[str]:
    """Every queue that somebody names as the place for what cannot be delivered."""
    found = set()
    for resource in stage.resources.values():
        for path, value in walk(resource.get("Properties", {})):
            if path.endswith(("deadLetterTargetArn", "DeadLetterConfig.Arn", "OnFailure.Destination")):
                found.add(_owner(value))
    return found


def _senders(stage: Stage, queue: str) -> list[str]:
    return sorted(
        f"{name}.Arn"
        for name, rule in stage.of(RULE).items()
        if any(queue in (target["Arn"], target.get("DeadLetterConfig", {}).get("Arn")) for target in rule["Targets"])
    )


def _statements(stage: Stage) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for policy in stage.of("AWS::SQS::QueuePolicy").values():
        for queue in policy["Queues"]:
            found.setdefault(queue, []).extend(policy["PolicyDocument"]["Statement"])
    return found


def _tls_only(queue: str) -> dict[str, Any]:
    return {
        "Action": "sqs:*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Resource": queue,
    }


def _send(queue: str, rules: list[str]) -> dict[str, Any]:
    return {
        "Action": "sqs:SendMessage",
        "Condition": {"ArnEquals": {"aws:SourceArn": rules}},
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Resource": queue,
    }


def _sorted(statement: dict[str, Any]) -> dict[str, Any]:
    """The order of the rules says nothing."""
    match statement.get("Condition"):
        case {"ArnEquals": {"aws:SourceArn": list(rules)}}:
            return statement | {"Condition": {"ArnEquals": {"aws:SourceArn": sorted(rules)}}}
    return statement


def _owner(arn: str) -> str:
    return arn.removesuffix(".Arn")
