"""A shop that nobody visits costs next to nothing."""

from collections.abc import Iterator
from typing import Final

from tests.infra.stage import Stage, walk

# Every type of resource that may be there, and what one costs while nothing happens.
IDLE: Final = {
    "AWS::ApiGatewayV2::Api": "nothing: paid by request",
    "AWS::ApiGatewayV2::Authorizer": "nothing",
    "AWS::ApiGatewayV2::Integration": "nothing",
    "AWS::ApiGatewayV2::Route": "nothing",
    "AWS::ApiGatewayV2::Stage": "nothing",
    "AWS::Cognito::UserPool": "nothing: paid by active user",
    "AWS::Cognito::UserPoolClient": "nothing",
    "AWS::Cognito::UserPoolGroup": "nothing",
    "AWS::DynamoDB::Table": "stored bytes and their backups; reads and writes are paid one by one",
    "AWS::Events::Archive": "stored bytes",
    "AWS::Events::EventBus": "nothing: paid by event",
    "AWS::Events::Rule": "nothing",
    "AWS::IAM::Role": "nothing",
    "AWS::Lambda::EventInvokeConfig": "nothing",
    "AWS::Lambda::EventSourceMapping": "empty receives: Lambda asks each queue all the time; streams are free",
    "AWS::Lambda::Function": "nothing: paid by use",
    "AWS::Lambda::Permission": "nothing",
    "AWS::Logs::LogGroup": "stored bytes",
    "AWS::SQS::Queue": "nothing: paid by request",
    "AWS::SQS::QueuePolicy": "nothing",
    "AWS::Scheduler::Schedule": "one invocation at a time, which the free tier covers",
    "AWS::SecretsManager::Secret": "0.40 USD a month",
}
# Properties that rent something, or that only serve to.
RENTED: Final = frozenset(
    {
        "KMSMasterKeyId",
        "KmsKeyArn",
        "KmsKeyId",
        "KmsMasterKeyId",
        "NatGatewayId",
        "ProvisionedConcurrencyConfig",
        "ProvisionedPollerConfig",
        "ProvisionedThroughput",
        "ReservedConcurrentExecutions",
        "SSESpecification",
        "SnapStart",
        "VpcConfig",
    }
)
MOST_SECRETS: Final = 2


# Of a stage that is watched; docs/aws.md says what it costs.
WATCHED: Final = {
    "AWS::CloudWatch::Alarm": "0.10 USD a month for each metric in it",
    "AWS::CloudWatch::Dashboard": "3 USD a month, where there are three others",
    "AWS::KMS::Key": "1 USD a month: the topic's",
    "AWS::SNS::Subscription": "nothing: paid by mail",
    "AWS::SNS::Topic": "nothing: paid by message",
    "AWS::SNS::TopicPolicy": "nothing",
}


def only_what_costs_nothing_idle_is_there(stage: Stage) -> Iterator[str]:
    for name, resource in stage.resources.items():
        if resource["Type"] not in IDLE and not (name.startswith("monitoring/") and resource["Type"] in WATCHED):
            yield f"{name} is {resource['Type']}: what does it cost while nothing happens?"


def nothing_is_rented(stage: Stage) -> Iterator[str]:
    for name, resource in stage.resources.items():
        for path, _ in walk(resource.get("Properties", {})):
            if path.rpartition(".")[2] in RENTED and resource["Type"] != "AWS::SNS::Topic":
                yield f"{name} has {path}, which is paid by the hour, or needs what is"


def secrets_stay_few(stage: Stage) -> Iterator[str]:
    """The only thing here that is paid by the month."""
    found = stage.of("AWS::SecretsManager::Secret")
    if len(found) > MOST_SECRETS:
        yield f"there are {len(found)} secrets"


def keys_stay_few(stage: Stage) -> Iterator[str]:
    found = stage.of("AWS::KMS::Key")
    if len(found) > stage.production:
        yield f"there are {len(found)} keys"


def users_are_on_the_free_plan(stage: Stage) -> Iterator[str]:
    for name, pool in stage.of("AWS::Cognito::UserPool").items():
        if pool.get("UserPoolTier") != "LITE":
            yield f"{name} is on the plan {pool.get('UserPoolTier')}"
