"""Where alarms are told: a topic that encrypts, and mails to whom the settings name."""

from aws_cdk import CfnOutput, Duration, RemovalPolicy
from aws_cdk.aws_iam import PolicyStatement, ServicePrincipal
from aws_cdk.aws_kms import Key
from aws_cdk.aws_sns import Subscription, SubscriptionProtocol, Topic
from constructs import Construct

from .permissions import same_account

ALARMS = "cloudwatch.amazonaws.com"


def alarm_topic(scope: Construct, email: str) -> Topic:
    """AWS's own key would not let CloudWatch write to the topic, so it has one of its own."""
    key = Key(
        scope,
        "AlarmKey",
        enable_key_rotation=True,
        removal_policy=RemovalPolicy.DESTROY,  # nothing stays encrypted with it: mails are under way for moments
        pending_window=Duration.days(7),
    )
    key.add_to_resource_policy(_allow(scope, ["kms:Decrypt", "kms:GenerateDataKey"], "*"))
    topic = Topic(scope, "Alarms", master_key=key, enforce_ssl=True)
    topic.add_to_resource_policy(_allow(scope, ["sns:Publish"], topic.topic_arn))
    if email:
        Subscription(scope, "AlarmMails", topic=topic, protocol=SubscriptionProtocol.EMAIL, endpoint=email)
    CfnOutput(scope, "AlarmTopicArn", value=topic.topic_arn)
    return topic


def _allow(scope: Construct, actions: list[str], resource: str) -> PolicyStatement:
    return PolicyStatement(
        principals=[ServicePrincipal(ALARMS)],
        actions=actions,
        resources=[resource],
        conditions=same_account(scope),
    )
