"""Functions that others invoke by name."""

from aws_cdk.aws_lambda import CfnEventInvokeConfig, Function
from aws_cdk.aws_sqs import Queue
from constructs import Construct


def keep_failures(scope: Construct, name: str, function: Function, undelivered: Queue) -> None:
    """Lambda tries an asynchronous call three times, and puts it among what is undelivered when all of them fail."""
    CfnEventInvokeConfig(
        scope,
        f"{name}Invocation",
        function_name=function.function_name,
        qualifier="$LATEST",
        maximum_retry_attempts=2,
        destination_config=CfnEventInvokeConfig.DestinationConfigProperty(
            on_failure=CfnEventInvokeConfig.OnFailureProperty(destination=undelivered.queue_arn)
        ),
    )
