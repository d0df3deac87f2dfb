"""A function of the map, with the access that it declares there, in whichever stack it is put."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk.aws_cognito import UserPool
from aws_cdk.aws_dynamodb import Table
from aws_cdk.aws_events import EventBus
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_lambda import Function as LambdaFunction
from aws_cdk.aws_secretsmanager import Secret

from cartwheel.aws.deployment import Deployment
from cartwheel.kernel.bus import PUBLISH
from cartwheel.kernel.environment import VISIT
from cartwheel.kernel.identity import IDENTITY
from cartwheel.kernel.journal import JOURNAL
from cartwheel.kernel.settings import Secret as SecretName
from cartwheel.kernel.topology import Function, Slice
from cartwheel.kernel.vault import granted

from .function import Place, make_function
from .permissions import end_accounts, publish, read_secrets, search_logs, use_table, use_vault


@dataclass(frozen=True)
class Business:
    """`tables` by their name in the map, `secrets` by that of the setting; `bus`, `pool` and the shop's `address` for
    those that use them.
    """

    place: Place
    tables: Mapping[str, Table]
    vault: Table
    secrets: Mapping[SecretName, Secret]
    bus: EventBus | None = None
    pool: UserPool | None = None
    address: str = ""

    def make(
        self, trigger: str, part: Slice, function: Function, *permissions: PolicyStatement, **surroundings: Any
    ) -> LambdaFunction:
        """`trigger` names the entry point; `permissions` and `surroundings` are what it takes beside its access."""
        secrets = {name: self.secrets[name].secret_arn for name in function.secrets if name in self.secrets}
        allowed = [*use_table(self.tables[part.table.name].table_arn, function.access), *permissions]
        if PUBLISH in function.access and self.bus:
            surroundings["bus_name"] = self.bus.event_bus_name
            allowed.append(publish(self.bus.event_bus_arn))
        if granted(function.access):
            surroundings["vault_name"] = self.vault.table_name
            allowed.append(use_vault(self.vault.table_arn, function.access))
        if IDENTITY in function.access and self.pool:
            surroundings["user_pool_id"] = self.pool.user_pool_id
            allowed.append(end_accounts(self.pool.user_pool_arn))
        if VISIT in function.access:
            surroundings["address"] = self.address
        if JOURNAL in function.access:
            groups = [self.place.logs[name] for name in sorted(self.place.logs)]
            surroundings["log_groups"] = " ".join(group.log_group_name for group in groups)
            allowed += search_logs([group.log_group_arn for group in groups])
        deployment = self.deployment(
            part, function=function.name, handler=function.handler, secrets=secrets, **surroundings
        )
        allowed += read_secrets(list(secrets.values()))
        return make_function(self.place, deployment, trigger, function.timeout.total_seconds(), allowed)

    def deployment(self, part: Slice, **surroundings: Any) -> Deployment:
        """What a function of the slice is told about itself."""
        return Deployment(
            table=part.table.name,
            table_name=self.tables[part.table.name].table_name,
            indexes={index.name: (index.partition, index.sort) for index in part.table.all_indexes},
            stage=self.place.settings.stage,
            settings=self.place.settings.of_functions,
            **surroundings,
        )
