"""What a role may do: exact actions on exact resources, derived from the access that the map declares."""

from collections.abc import Iterable
from typing import Final

from aws_cdk import Stack
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_logs import ILogGroup
from constructs import Construct

from cartwheel.kernel.bus import PUBLISH
from cartwheel.kernel.environment import VISIT
from cartwheel.kernel.identity import IDENTITY
from cartwheel.kernel.journal import JOURNAL
from cartwheel.kernel.store import QUERY
from cartwheel.kernel.vault import ACTIONS as VAULT_ACCESS
from cartwheel.kernel.vault import granted

ACTIONS: Final = {
    "get": "dynamodb:GetItem",
    "put": "dynamodb:PutItem",
    "update": "dynamodb:UpdateItem",
    "delete": "dynamodb:DeleteItem",
    "check": "dynamodb:ConditionCheckItem",
    "query": "dynamodb:Query",
    "scan": "dynamodb:Scan",
}


ELSEWHERE: Final = frozenset({PUBLISH, JOURNAL, IDENTITY, VISIT, *VAULT_ACCESS})  # is no access to the slice's table


def use_table(table_arn: str, access: Iterable[str]) -> list[PolicyStatement]:
    """The declared access: to the table itself, and to each index that it names. Raises KeyError for anything else."""
    actions = sorted(ACTIONS[action] for action in access if not action.startswith(QUERY) and action not in ELSEWHERE)
    indexes = sorted(action.removeprefix(QUERY) for action in access if action.startswith(QUERY))
    return [
        *([_allow(actions, [table_arn])] if actions else []),
        *([_allow([ACTIONS["query"]], _index_arns(table_arn, indexes))] if indexes else []),
    ]


def use_vault(table_arn: str, access: Iterable[str]) -> PolicyStatement:
    """What sealing, opening and forgetting take of the table of keys."""
    return _allow(sorted(ACTIONS[action] for action in granted(access)), [table_arn])


def relay_rows(table_arn: str, stream_arn: str, index: str, bus_arn: str) -> list[PolicyStatement]:
    """What takes rows out of an outbox: woken by the stream, or sweeping through the index."""
    stream = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
    return [
        _allow([f"dynamodb:{action}" for action in stream], [stream_arn]),
        _allow([ACTIONS["query"]], _index_arns(table_arn, [index])),
        _allow([ACTIONS["delete"]], [table_arn]),
        publish(bus_arn),
    ]


def publish(bus_arn: str) -> PolicyStatement:
    return _allow(["events:PutEvents"], [bus_arn])


def end_accounts(user_pool_arn: str) -> PolicyStatement:
    return _allow(["cognito-idp:AdminDeleteUser"], [user_pool_arn])


def receive(queue_arn: str) -> PolicyStatement:
    """What Lambda needs to feed a consumer, and the consumer to delay what failed."""
    actions = ("ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "ReceiveMessage")
    return _allow([f"sqs:{action}" for action in actions], [queue_arn])


def send(queue_arn: str) -> PolicyStatement:
    return _allow(["sqs:SendMessage"], [queue_arn])


def invoke(function_arns: list[str]) -> PolicyStatement:
    return _allow(["lambda:InvokeFunction"], function_arns)


def read_secrets(secret_arns: list[str]) -> list[PolicyStatement]:
    return [_allow(["secretsmanager:GetSecretValue"], secret_arns)] if secret_arns else []


def write_logs(group: ILogGroup) -> PolicyStatement:
    return _allow(["logs:CreateLogStream", "logs:PutLogEvents"], [group.log_group_arn])


def search_logs(group_arns: list[str]) -> list[PolicyStatement]:
    """What a query reads is named when it starts; the query itself is no resource that could be named."""
    return [
        _allow(["logs:StartQuery"], group_arns),
        _allow(["logs:GetQueryResults", "logs:StopQuery"], ["*"]),
    ]


def write_traces() -> PolicyStatement:
    """X-Ray knows no resources that could be named."""
    return _allow(["xray:PutTelemetryRecords", "xray:PutTraceSegments"], ["*"])


def same_account(scope: Construct) -> dict[str, dict[str, str]]:
    """The condition under which a service may act: for this account, not as somebody else's deputy."""
    return {"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}}


def _index_arns(table_arn: str, indexes: Iterable[str]) -> list[str]:
    return [f"{table_arn}/index/{index}" for index in indexes]


def _allow(actions: list[str], resources: list[str]) -> PolicyStatement:
    return PolicyStatement(actions=actions, resources=resources)
