"""Copies of the shop live side by side: CloudFormation makes up the names."""

from collections.abc import Iterator
from typing import Any, Final

from tests.infra.stage import Json, Stage, walk

# What has a name of its own all the same, and why no other copy can have the same one.
NAMED: Final[dict[tuple[str, str], str]] = {
    ("AWS::ApiGatewayV2::Api", "Name"): "a label: several may have the same",
    ("AWS::ApiGatewayV2::Authorizer", "Name"): "known inside its API",
    ("AWS::ApiGatewayV2::Stage", "StageName"): "known inside its API",
    ("AWS::CloudWatch::Alarm", "MetricName"): "what is measured, not what it is called",
    ("AWS::CloudWatch::Alarm", "Name"): "of a dimension",
    ("AWS::Cognito::UserPool", "Name"): "the name of a way to recover an account",
    ("AWS::Cognito::UserPoolGroup", "GroupName"): "known inside its pool",
    ("AWS::DynamoDB::Table", "AttributeName"): "known inside its table",
    ("AWS::DynamoDB::Table", "IndexName"): "known inside its table",
    ("AWS::Events::EventBus", "Name"): "a bus must be named; the stage is in it",
    ("AWS::IAM::Role", "PolicyName"): "known inside its role",
}
PHYSICAL: Final = {"AWS::Events::EventBus"}


def nothing_has_a_fixed_name(stage: Stage) -> Iterator[str]:
    for part, template in stage.templates.items():
        for name, resource in template["Resources"].items():
            for key, value in _names(resource):
                if (resource["Type"], key) not in NAMED:
                    yield f"{part}/{name} has the fixed {key} {value}"


def physical_names_tell_the_stage(stage: Stage) -> Iterator[str]:
    for kind in PHYSICAL:
        for name, resource in stage.of(kind).items():
            if stage.name.replace("-", "") not in resource["Name"]:
                yield f"{name} is called {resource['Name']}, which does not say its stage"


def nothing_is_exported(stage: Stage) -> Iterator[str]:
    """An export is one more name that two stages would share, and ties the stacks together."""
    for part, template in stage.templates.items():
        for name, output in template.get("Outputs", {}).items():
            if "Export" in output:
                yield f"{part}/{name} is exported"


def _names(resource: Json) -> Iterator[tuple[str, Any]]:
    """Properties such as `QueueName` whose value no resource of the stage has made up."""
    for path, value in walk(resource.get("Properties", {})):
        key = path.rpartition(".")[2]
        if key.endswith("Name") and "Fn::" not in path and not _is_made_up(value):
            yield key, value


def _is_made_up(value: Any) -> bool:
    """Refers to a resource, here or in another stack. A pseudo parameter alone makes no name unlike others."""
    return any(
        path.endswith(("Fn::GetAtt", "Fn::GetStackOutput"))
        or (path.endswith("Ref") and not str(inner).startswith("AWS"))
        for path, inner in walk(value)
    )
