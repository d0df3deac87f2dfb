"""Who may do what: exact actions on exact resources, and nothing that the map does not declare."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cartwheel.app import APP
from tests.infra import wanted
from tests.infra.stage import FUNCTION, ROLE, SCHEDULE, Stage, differences, pascal

TRACES: Final = frozenset({"xray:PutTelemetryRecords", "xray:PutTraceSegments"})
# Why these may be used on any resource.
QUERIES: Final = frozenset({"logs:GetQueryResults", "logs:StopQuery"})
UNNAMED: Final[Mapping[str, str]] = {
    **dict.fromkeys(TRACES, "a trace is no resource that could be named"),
    **dict.fromkeys(QUERIES, "a query of logs is none; what it may read is named where it starts"),
}

TABLE_ACTIONS: Final = {
    "get": "dynamodb:GetItem",
    "put": "dynamodb:PutItem",
    "update": "dynamodb:UpdateItem",
    "delete": "dynamodb:DeleteItem",
    "check": "dynamodb:ConditionCheckItem",
    "query": "dynamodb:Query",
    "scan": "dynamodb:Scan",
}
BEYOND: Final = {"publish", "journal", "identity", "seal", "open", "forget"}  # what is not of the slice's own table
VAULT_ACTIONS: Final = {
    "seal": {"dynamodb:GetItem", "dynamodb:PutItem"},
    "open": {"dynamodb:GetItem"},
    "forget": {"dynamodb:PutItem"},
}
QUEUE_ACTIONS: Final = (
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
)
STREAM_ACTIONS: Final = (
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
)
Grants = dict[str, set[str]]  # the resources of each action


def no_action_is_a_wildcard(stage: Stage) -> Iterator[str]:
    for name, statement in _statements(stage):
        for action in _list(statement.get("Action", "*")):
            if "*" in action or "?" in action or ":" not in action:
                yield f"{name} allows {action}"


def no_resource_is_a_wildcard(stage: Stage) -> Iterator[str]:
    for name, statement in _statements(stage):
        for resource in _list(statement.get("Resource", "*")):
            unnamed = resource == "*" and statement.get("Action") and set(_list(statement["Action"])) <= UNNAMED.keys()
            if ("*" in resource or resource.startswith("unknown:")) and not unnamed:
                yield f"{name} allows {statement.get('Action')} on {resource}"


def nothing_is_granted_by_other_means(stage: Stage) -> Iterator[str]:
    """Neither by policies that AWS or others maintain, nor apart from the role, nor by resources."""
    apart = {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy", "AWS::IAM::User", "AWS::IAM::Group"}
    for name, resource in stage.resources.items():
        properties = resource.get("Properties", {})
        if resource["Type"] in apart or properties.get("ManagedPolicyArns") or properties.get("ResourcePolicy"):
            yield f"{name} grants what no role shows"


def each_function_has_a_role_of_its_own(stage: Stage) -> Iterator[str]:
    roles = [function["Role"] for function in stage.of(FUNCTION).values()]
    roles += {schedule["Target"]["RoleArn"] for schedule in stage.of(SCHEDULE).values()}
    if sorted(roles) != sorted(f"{name}.Arn" for name in stage.of(ROLE)):
        yield "a role is shared, or nobody's"


def roles_are_assumed_by_their_service_alone(stage: Stage) -> Iterator[str]:
    used = {function["Role"] for function in stage.of(FUNCTION).values()}
    for name, role in stage.of(ROLE).items():
        trust = role["AssumeRolePolicyDocument"]["Statement"]
        if trust != [_trust_lambda() if f"{name}.Arn" in used else _trust_scheduler()]:
            yield f"{name} is assumed by {trust}"


def functions_may_do_exactly_what_they_declare(stage: Stage) -> Iterator[str]:
    for name, each in wanted.functions().items():
        _, function = stage.functions.get(name, ("", {}))
        role = stage.of(ROLE).get(function.get("Role", "").removesuffix(".Arn"), {})
        group = function.get("LoggingConfig", {}).get("LogGroup")
        due = _grants(stage, each) | {
            "logs:CreateLogStream": {f"{group}.Arn"},
            "logs:PutLogEvents": {f"{group}.Arn"},
            **{action: {"*"} for action in TRACES},
        }
        yield from differences(_granted(role), due, f"{name}:")


def the_scheduler_may_only_run_what_is_due(stage: Stage) -> Iterator[str]:
    roles = {schedule["Target"]["RoleArn"].removesuffix(".Arn") for schedule in stage.of(SCHEDULE).values()}
    due = {
        "lambda:InvokeFunction": {f"{stage.function_id(name)}.Arn" for name in wanted.timers()},
        "sqs:SendMessage": {f"{stage.output('UndeliveredUrl')}.Arn"},
    }
    for name in roles:
        yield from differences(_granted(stage.of(ROLE).get(name, {})), due, f"{name}:")


def _grants(stage: Stage, each: wanted.Wanted) -> Grants:
    """What the map gives the function, on its own table and queue."""
    if each.part is None:
        return {"dynamodb:GetItem": {f"{stage.table(wanted.HEARTBEAT)}.Arn"}}
    table = f"{stage.table(each.part.table.name)}.Arn"
    if each.function is None:
        return _relaying(stage, table)
    grants: Grants = {}
    for access in each.function.access - BEYOND:
        action, _, index = access.partition(" ")
        grants.setdefault(TABLE_ACTIONS[action], set()).add(f"{table}/index/{index}" if index else table)
    for access in each.function.access & VAULT_ACTIONS.keys():
        for action in VAULT_ACTIONS[access]:
            grants.setdefault(action, set()).add(f"{stage.table(APP.vault.name)}.Arn")
    if "identity" in each.function.access:
        grants["cognito-idp:AdminDeleteUser"] = {f"{stage.output('UserPoolId')}.Arn"}
    if secrets := wanted.secrets(stage, each.function):
        grants["secretsmanager:GetSecretValue"] = set(secrets.values())
    if "publish" in each.function.access:
        grants["events:PutEvents"] = {f"{stage.output('EventBusName')}.Arn"}
    if "journal" in each.function.access:
        grants["logs:StartQuery"] = {f"{group}.Arn" for group in wanted.logs(stage, each.name)}
        grants |= {action: {"*"} for action in QUERIES}
    if each.trigger == "direct" and not each.of_the_pool:  # an asynchronous call that fails to the end is kept
        grants["sqs:SendMessage"] = {f"{stage.output('UndeliveredUrl')}.Arn"}
    if each.consumer:
        queue = f"{stage.output(f'{pascal(each.name)}QueueUrl')}.Arn"
        grants |= {action: {queue} for action in QUEUE_ACTIONS}
    return grants


def _relaying(stage: Stage, table: str) -> Grants:
    return {
        **{action: {table.removesuffix("Arn") + "StreamArn"} for action in STREAM_ACTIONS},
        "dynamodb:Query": {f"{table}/index/outbox"},
        "dynamodb:DeleteItem": {table},
        "events:PutEvents": {f"{stage.output('EventBusName')}.Arn"},
        "sqs:SendMessage": {f"{stage.output('RelayFailuresUrl')}.Arn"},
    }


def _granted(role: dict[str, Any]) -> Grants:
    """What a role allows; whatever is no plain permission counts under its own text, and so never fits."""
    grants: Grants = {}
    for statement in _inline(role):
        plain = statement.keys() == {"Action", "Effect", "Resource"} and statement["Effect"] == "Allow"
        for action in _list(statement["Action"]) if plain else [str(statement)]:
            grants.setdefault(action, set()).update(_list(statement.get("Resource", "*")))
    return grants


def _statements(stage: Stage) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in stage.resources.items():
        if resource["Type"].startswith("AWS::IAM::"):
            properties = resource.get("Properties", {})
            alone = properties.get("PolicyDocument", {}).get("Statement", [])
            yield from ((name, statement) for statement in [*_inline(properties), *alone])


def _inline(role: dict[str, Any]) -> list[dict[str, Any]]:
    return [s for policy in role.get("Policies", []) for s in policy["PolicyDocument"]["Statement"]]


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _trust_lambda() -> dict[str, Any]:
    return {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}


def _trust_scheduler() -> dict[str, Any]:
    """For this account: Scheduler serves others, too."""
    mine = {"StringEquals": {"aws:SourceAccount": "${AWS::AccountId}"}}
    return _trust_lambda() | {"Principal": {"Service": "scheduler.amazonaws.com"}, "Condition": mine}
