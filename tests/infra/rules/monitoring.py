"""Where a stage is watched, nothing is left out, and all of it is as the map declares it."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from cartwheel.kernel.derived_dashboard import dashboard_of
from cartwheel.kernel.settings import Settings
from infra.parts.alarms import COMPARISONS
from infra.watched import alarms_on_aws
from tests.infra.stage import FUNCTION, QUEUE, Json, Stage, differences, pascal
from tests.infra.wanted import SHOP

ALARM: Final = "AWS::CloudWatch::Alarm"
DASHBOARD: Final = "AWS::CloudWatch::Dashboard"
TOPIC: Final = "AWS::SNS::Topic"
OWN: Final = "Cartwheel/{stage}"


def every_function_has_an_alarm_on_errors(stage: Stage) -> Iterator[str]:
    yield from _unwatched(stage, "AWS/Lambda", "Errors", "FunctionName", [name for name, _ in stage.functions.values()])


def every_queue_is_watched(stage: Stage) -> Iterator[str]:
    """Of one that is worked off how long and how many wait, of any other that there is something in it."""
    queues = stage.of(QUEUE)
    worked_off = [name for name, queue in queues.items() if "RedrivePolicy" in queue]
    yield from _unwatched(stage, "AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", worked_off)
    yield from _unwatched(stage, "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", list(queues))


def every_stream_is_watched(stage: Stage) -> Iterator[str]:
    relays = [name for function, (name, _) in stage.functions.items() if function.endswith("-relay")]
    yield from _unwatched(stage, "AWS/Lambda", "IteratorAge", "FunctionName", relays)


def alarms_are_those_declared(stage: Stage) -> Iterator[str]:
    """The same thresholds and periods as on one machine."""
    if not stage.production:
        return
    found = {name.partition("/")[2]: _essence(alarm) for name, alarm in stage.of(ALARM).items()}
    wanted = {
        f"{pascal(alarm.name)}Alarm": (
            None if alarm.name == "sign-in-failures" else _namespace(stage, alarm.metric.namespace),
            None if alarm.name == "sign-in-failures" else alarm.metric.name,
            None if alarm.name == "sign-in-failures" else alarm.statistic,
            None if alarm.name == "sign-in-failures" else alarm.period.total_seconds(),
            alarm.threshold,
            COMPARISONS[alarm.comparison],
            (alarm.datapoints, alarm.evaluation_periods),
            alarm.missing,
        )
        for alarm in alarms_on_aws(SHOP, Settings())
    }
    yield from differences(found, wanted, "the alarm")


def alarms_tell_when_they_ring_and_when_it_is_over(stage: Stage) -> Iterator[str]:
    topic = list(stage.of(TOPIC))
    for name, alarm in stage.of(ALARM).items():
        if alarm.get("AlarmActions") != topic or alarm.get("OKActions") != topic or "ActionsEnabled" in alarm:
            yield f"{name} does not tell {topic}"
        if "What to do: docs/runbooks/" not in alarm.get("AlarmDescription", ""):
            yield f"{name} does not say what to do"


def the_topic_is_encrypted_and_hears_alarms(stage: Stage) -> Iterator[str]:
    """By a key that CloudWatch may use: AWS's own would not let it, and no mail would ever come."""
    keys = stage.of("AWS::KMS::Key")
    for name, topic in stage.of(TOPIC).items():
        if str(topic.get("KmsMasterKeyId")).removesuffix(".Arn") not in keys:
            yield f"{name} is not encrypted"
        policies = [p["PolicyDocument"] for p in stage.of("AWS::SNS::TopicPolicy").values() if p["Topics"] == [name]]
        if not any(_lets_alarms(policy, "sns:Publish") for policy in policies):
            yield f"{name} hears no alarms"
        if '"aws:SecureTransport": "false"' not in json.dumps(policies):
            yield f"{name} can be reached without TLS"
    for name, key in keys.items():
        if not _lets_alarms(key.get("KeyPolicy", {}), "kms:GenerateDataKey") or not key.get("EnableKeyRotation"):
            yield f"{name} cannot be used for alarms, or is never changed"


def nobody_is_told_who_is_not_named(stage: Stage) -> Iterator[str]:
    """The address is a setting, which these templates were made without."""
    for name, subscription in stage.of("AWS::SNS::Subscription").items():
        yield f"{name} tells {subscription['Endpoint']}"


def the_dashboard_shows_what_there_is(stage: Stage) -> Iterator[str]:
    if not stage.production:
        return
    boards = [json.loads(board["DashboardBody"]) for board in stage.of(DASHBOARD).values()]
    shown = [
        widget["properties"]["title"]
        for board in boards
        for widget in board["widgets"]
        if "title" in widget["properties"]
    ]
    if shown != [widget.title for group in dashboard_of(SHOP) for widget in group.widgets]:
        yield f"the dashboard has the charts {shown}"
    lines = [line for board in boards for w in board["widgets"] for line in w["properties"].get("metrics", [])]
    queues = {f"{name}.QueueName" for name in stage.of(QUEUE)}
    known = {*queues, *stage.of(FUNCTION), *stage.of("AWS::ApiGatewayV2::Api")}
    for line in lines:
        if line[0] in ("AWS/Lambda", "AWS/SQS", "AWS/ApiGateway") and len(line) == 5 and line[3] not in known:
            yield f"the dashboard shows {line}"


def _unwatched(stage: Stage, namespace: str, metric: str, dimension: str, names: list[str]) -> Iterator[str]:
    watched = {
        each["Value"].removesuffix(".QueueName")
        for alarm in stage.of(ALARM).values()
        if (alarm.get("Namespace"), alarm.get("MetricName")) == (namespace, metric)
        for each in alarm["Dimensions"]
        if each["Name"] == dimension
    }
    for name in set(names) - watched if stage.production else ():
        yield f"{name} has no alarm on {metric}"


def _essence(alarm: Json) -> tuple[Any, ...]:
    return (
        alarm.get("Namespace"),
        alarm.get("MetricName"),
        alarm.get("Statistic") or alarm.get("ExtendedStatistic"),
        alarm.get("Period"),
        alarm["Threshold"],
        alarm["ComparisonOperator"],
        (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]),
        alarm["TreatMissingData"],
    )


def _namespace(stage: Stage, namespace: str) -> str:
    return re.sub("^Cartwheel$", OWN.format(stage=stage.name), namespace)


def _lets_alarms(policy: Json, action: str) -> bool:
    """This account's alarms, and nobody else's."""
    return any(
        statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        and action in statement["Action"]
        and "aws:SourceAccount" in json.dumps(statement.get("Condition", {}))
        for statement in policy.get("Statement", ())
    )
