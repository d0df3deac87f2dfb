"""What each function may do by its deployed role, and what it really did."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final, NamedTuple

from .cloud import Cloud

# What Lambda itself does with a function's role: feed it, and keep its logs and traces.
PLATFORM: Final = frozenset(
    {
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",  # to the queue of what a relay could not handle
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
)

# What is allowed for what should not happen, and does not here.
NOT_HERE: Final = frozenset({"logs:StopQuery"})  # of a query that takes too long; the stand-in's take no time

ELEMENTS: Final = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


class Access(NamedTuple):
    """An action on a resource: the last part of its ARN, such as `table/orders/index/by-customer`."""

    action: str
    resource: str


def wanted(target: str, body: dict[str, Any]) -> Iterator[Access]:
    """The access that a call takes."""
    service, _, operation = target.partition(".")
    match service.partition("_")[0], operation:
        case "DynamoDB", "TransactWriteItems":
            for element in body["TransactItems"]:
                ((kind, write),) = element.items()
                yield Access(f"dynamodb:{ELEMENTS[kind]}", f"table/{write['TableName']}")
        case "DynamoDB", "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" | "Query" | "Scan":
            index = f"/index/{body['IndexName']}" if "IndexName" in body else ""
            yield Access(f"dynamodb:{operation}", f"table/{body['TableName']}{index}")
        case "AWSEvents", "PutEvents":
            for entry in body["Entries"]:
                yield Access("events:PutEvents", f"event-bus/{entry['EventBusName'].rpartition('/')[2]}")
        case "AmazonSQS", _:
            action = operation.removesuffix("Batch")  # which IAM does not know
            yield Access(f"sqs:{action}", body["QueueUrl"].rpartition("/")[2])
        case "Logs", "StartQuery":
            for group in body["logGroupNames"]:
                yield Access("logs:StartQuery", f"log-group:{group}:*")
        case "Logs", "GetQueryResults" | "StopQuery":
            yield Access(f"logs:{operation}", "*")
        case "AWSCognitoIdentityProviderService", "AdminDeleteUser":
            yield Access("cognito-idp:AdminDeleteUser", f"userpool/{body['UserPoolId']}")
        case "secretsmanager", "GetSecretValue":
            yield Access("secretsmanager:GetSecretValue", _resource(body["SecretId"]))
        case _:
            yield Access(target, "?")  # not known here, so nothing allows it


def _resource(arn: str) -> str:
    return arn.split(":", 5)[5] if arn.count(":") >= 5 else arn


@dataclass
class Privileges:
    """`granted` by function; `refused` are calls that were not allowed."""

    granted: dict[str, frozenset[Access]] = field(default_factory=dict)
    used: set[tuple[str, Access]] = field(default_factory=set)
    refused: set[tuple[str, Access]] = field(default_factory=set)

    def allow(self, function: str, accesses: Iterable[Access]) -> bool:
        """Whether the function may do all this; it is remembered either way."""
        allowed = True
        for access in accesses:
            may = any(_covers(grant, access) for grant in self.granted.get(function, ()))
            (self.used if may else self.refused).add((function, access))
            allowed = allowed and may
        return allowed

    def unused(self) -> list[str]:
        """What is allowed to somebody who never did it."""
        return sorted(
            f"{function}: {grant.action} on {grant.resource}"
            for function, grants in self.granted.items()
            for grant in grants
            if grant.action not in PLATFORM | NOT_HERE
            and not any(user == function and _covers(grant, access) for user, access in self.used)
        )


def _covers(grant: Access, access: Access) -> bool:
    return fnmatchcase(access.action, grant.action) and fnmatchcase(access.resource, grant.resource)


def read(cloud: Cloud, functions: Iterable[str]) -> dict[str, frozenset[Access]]:
    """What the deployed roles of the functions allow."""
    return {function: frozenset(_of_role(cloud, function)) for function in functions}


def _of_role(cloud: Cloud, function: str) -> Iterator[Access]:
    configuration = cloud.client("lambda").get_function_configuration(FunctionName=cloud.physical(function))
    role, iam = configuration["Role"].rpartition("/")[2], cloud.client("iam")
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for statement in (json.loads(document) if isinstance(document, str) else document)["Statement"]:
            yield from _accesses(statement)


def _accesses(statement: dict[str, Any]) -> Iterator[Access]:
    assert statement["Effect"] == "Allow"
    assert "Condition" not in statement
    for action in _listed(statement["Action"]):
        for arn in _listed(statement["Resource"]):
            yield Access(action, _resource(arn))


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
