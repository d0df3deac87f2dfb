"""The table of a slice, as the `Store` port wants it."""

from typing import Final

from aws_cdk import RemovalPolicy
from aws_cdk.aws_dynamodb import (
    Attribute,
    AttributeType,
    BillingMode,
    PointInTimeRecoverySpecification,
    StreamViewType,
)
from aws_cdk.aws_dynamodb import Table as DynamoTable
from constructs import Construct

from cartwheel.kernel.store import EXPIRES
from cartwheel.kernel.topology import Table
from cartwheel.kernel.vault import TABLE as VAULT
from infra.names import pascal

KEYS_RESTORABLE: Final = 7  # days: as long as that, a backup still has the keys of those who were erased


def make_table(scope: Construct, table: Table, production: bool) -> DynamoTable:
    """Paid by request, encrypted with DynamoDB's own key, which costs nothing."""
    made = DynamoTable(
        scope,
        f"{pascal(table.name)}Table",
        partition_key=_text("PK"),
        sort_key=_text("SK"),
        billing_mode=BillingMode.PAY_PER_REQUEST,
        stream=StreamViewType.NEW_IMAGE if table.outbox else None,
        point_in_time_recovery_specification=PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True,
            recovery_period_in_days=KEYS_RESTORABLE if table.name == VAULT else None,
        ),
        time_to_live_attribute=EXPIRES,
        deletion_protection=production,
        removal_policy=RemovalPolicy.RETAIN if production else RemovalPolicy.DESTROY,
    )
    for index in table.all_indexes:
        made.add_global_secondary_index(
            index_name=index.name, partition_key=_text(index.partition), sort_key=_text(index.sort)
        )
    return made


def _text(name: str) -> Attribute:
    return Attribute(name=name, type=AttributeType.STRING)
