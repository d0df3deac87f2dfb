"""Time in: EventBridge Scheduler invokes functions every so often (ADR 16)."""

import math
from dataclasses import dataclass
from datetime import timedelta

from aws_cdk import Duration
from aws_cdk.aws_iam import PolicyDocument, Role, ServicePrincipal
from aws_cdk.aws_lambda import EventInvokeConfig, Function
from aws_cdk.aws_scheduler import CfnSchedule
from aws_cdk.aws_sqs import Queue
from constructs import Construct

from .permissions import invoke, same_account, send


@dataclass(frozen=True)
class Timer:
    """A function that runs again and again."""

    name: str
    function: Function
    every: timedelta


def start(scope: Construct, timers: list[Timer], undelivered: Queue) -> None:
    role = _role(scope, [timer.function.function_arn for timer in timers], undelivered)
    for timer in timers:
        _schedule(scope, timer, role, undelivered)


def rate(every: timedelta) -> str:
    """A minute is the shortest that Scheduler knows."""
    minutes = max(1, math.ceil(every / timedelta(minutes=1)))
    return f"rate({minutes} minute{'s' if minutes > 1 else ''})"


def _schedule(scope: Construct, timer: Timer, role: Role, undelivered: Queue) -> None:
    CfnSchedule(
        scope,
        f"{timer.name}Schedule",
        schedule_expression=rate(timer.every),
        flexible_time_window=CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
        target=CfnSchedule.TargetProperty(
            arn=timer.function.function_arn,
            role_arn=role.role_arn,
            retry_policy=CfnSchedule.RetryPolicyProperty(maximum_event_age_in_seconds=60, maximum_retry_attempts=2),
            dead_letter_config=CfnSchedule.DeadLetterConfigProperty(arn=undelivered.queue_arn),
        ),
    )
    # A run that fails is not repeated: the next one finds the same work, most within the minute.
    EventInvokeConfig(
        scope,
        f"{timer.name}Invocation",
        function=timer.function,
        retry_attempts=0,
        max_event_age=Duration.seconds(60),
    )


def _role(scope: Construct, functions: list[str], undelivered: Queue) -> Role:
    return Role(
        scope,
        "SchedulerRole",
        assumed_by=ServicePrincipal("scheduler.amazonaws.com", conditions=same_account(scope)),
        inline_policies={"Access": PolicyDocument(statements=[invoke(functions), send(undelivered.queue_arn)])},
    )
