"""A Lambda function with what belongs to it alone: its log group and its role."""

from dataclasses import dataclass, field
from typing import Final

from aws_cdk import CfnOutput, Duration, RemovalPolicy
from aws_cdk.aws_iam import PolicyDocument, PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_lambda import Architecture, Code, Function, LoggingFormat, Runtime, RuntimeFamily, Tracing
from aws_cdk.aws_logs import LogGroup, RetentionDays
from constructs import Construct

from cartwheel.aws.deployment import Deployment
from infra.accepted import accept
from infra.names import pascal
from infra.settings import Settings

from .permissions import write_logs, write_traces

ARCHITECTURES: Final = {"arm64": Architecture.ARM_64, "x86_64": Architecture.X86_64}


@dataclass(frozen=True)
class Place:
    """Where the functions of a stage live: the stack they are put into, and what is the same for all of them.

    `functions` and `logs` are those that were made so far and their log groups, by name.
    """

    stack: Construct
    settings: Settings
    code: Code
    functions: dict[str, Function] = field(default_factory=dict)
    logs: dict[str, LogGroup] = field(default_factory=dict)


def make_function(
    place: Place, deployment: Deployment, trigger: str, timeout: float, permissions: list[PolicyStatement]
) -> Function:
    """`trigger` names the entry point, `cartwheel.aws.<trigger>.handler`; `timeout` is in seconds.

    No concurrency is reserved: that would take it from all others, even where the account has only ten. The API's
    throttling and each consumer's own bound keep functions from starving each other.
    """
    name, settings = pascal(deployment.function), place.settings
    logs = place.logs[deployment.function] = log_group(place.stack, f"{name}Logs", settings)
    function = Function(
        place.stack,
        name,
        runtime=Runtime(f"python{settings.python}", RuntimeFamily.PYTHON),
        architecture=ARCHITECTURES[settings.architecture],
        handler=f"cartwheel.aws.{trigger}.handler",
        code=place.code,
        memory_size=settings.memory,
        timeout=Duration.seconds(timeout),
        environment=deployment.variables(),
        # Complete as it is made, so the CDK may add nothing.
        role=_role(place.stack, name, [write_logs(logs), write_traces(), *permissions]).without_policy_updates(),
        log_group=logs,
        logging_format=LoggingFormat.JSON,
        tracing=Tracing.ACTIVE,
    )
    accept(function, "L1", "The bundle is built and tested for the Python that the settings name.")
    place.functions[deployment.function] = function
    CfnOutput(place.stack, f"{name}FunctionName", value=function.function_name)
    return function


def log_group(scope: Construct, name: str, settings: Settings) -> LogGroup:
    """Logs hold no facts that are not elsewhere, too: they go with the stack, except in production."""
    return LogGroup(
        scope,
        name,
        retention=RetentionDays.THREE_MONTHS if settings.production else RetentionDays.ONE_WEEK,
        removal_policy=RemovalPolicy.RETAIN if settings.production else RemovalPolicy.DESTROY,
    )


def _role(scope: Construct, name: str, permissions: list[PolicyStatement]) -> Role:
    role = Role(
        scope,
        f"{name}Role",
        assumed_by=ServicePrincipal("lambda.amazonaws.com"),
        inline_policies={"Access": PolicyDocument(statements=permissions)},
    )
    accept(
        role,
        "IAM5[Resource::*]",
        "Neither X-Ray's traces nor queries of logs belong to a resource that could be named.",
    )
    return role
