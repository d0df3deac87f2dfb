"""The outbox's way out: a function for each slice, woken by the stream of its table (ADR 15)."""

from typing import Any, Final

from aws_cdk import Duration
from aws_cdk.aws_lambda import EventSourceMapping, FilterCriteria, Function, StartingPosition
from aws_cdk.aws_lambda_event_sources import SqsDlq
from aws_cdk.aws_sqs import Queue

from cartwheel.kernel.outbox import PREFIX
from infra.names import pascal

from .function import Place

TIMEOUT: Final = 30.0  # seconds
NEW_ROWS: Final[dict[str, Any]] = {"eventName": ["INSERT"], "dynamodb": {"Keys": {"PK": {"S": [{"prefix": PREFIX}]}}}}


def wake(place: Place, slice_name: str, stream_arn: str, function: Function, failures: Queue) -> None:
    """By new outbox rows only. What still fails after its retries the sweeper sends, so it must not block the rest."""
    EventSourceMapping(
        place.stack,
        f"{pascal(slice_name)}RelaySource",
        target=function,
        event_source_arn=stream_arn,
        starting_position=StartingPosition.TRIM_HORIZON,
        filters=[FilterCriteria.filter(NEW_ROWS)],
        batch_size=100,
        bisect_batch_on_error=True,
        report_batch_item_failures=True,
        retry_attempts=5,
        max_record_age=Duration.minutes(10),
        on_failure=SqsDlq(failures),
    )
