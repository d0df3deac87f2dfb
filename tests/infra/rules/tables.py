"""What must outlive a deployment does (ADR 17)."""

from collections.abc import Iterator
from typing import Any, Final

from cartwheel.app import APP
from tests.infra.stage import TABLE, Stage, differences

# What holds data, with how it is protected: the property and its values with protection and without.
STATEFUL: Final[dict[str, tuple[str, Any, Any]]] = {
    "AWS::DynamoDB::Table": ("DeletionProtectionEnabled", True, False),
    "AWS::Cognito::UserPool": ("DeletionProtection", "ACTIVE", "INACTIVE"),
    "AWS::SecretsManager::Secret": ("", None, None),
    "AWS::Events::Archive": ("", None, None),
    "AWS::Logs::LogGroup": ("", None, None),
}
BESIDE_WHAT_WORKS: Final = ("AWS::Logs::LogGroup",)
WORKING: Final = ("AWS::Lambda::", "AWS::SQS::")
KEYS_RESTORABLE: Final = 7
ALIKE: Final = ("AWS::RDS::", "AWS::S3::", "AWS::EFS::", "AWS::ElastiCache::", "AWS::DynamoDB::GlobalTable")


def the_map_has_them_all(stage: Stage) -> Iterator[str]:
    due = sorted(stage.table(table.name) for table in APP.tables)
    if sorted(stage.of(TABLE)) != due:
        yield f"there are the tables {sorted(stage.of(TABLE))}, and should be {due}"


def indexes_are_those_of_the_map(stage: Stage) -> Iterator[str]:
    for table in APP.tables:
        found = stage.of(TABLE).get(stage.table(table.name), {})
        keys = {index["IndexName"]: _keys(index) for index in found.get("GlobalSecondaryIndexes", [])}
        due = {index.name: [(index.partition, "HASH"), (index.sort, "RANGE")] for index in table.all_indexes}
        yield from differences(keys, due, f"the index of {table.name}")


def tables_are_what_the_store_needs(stage: Stage) -> Iterator[str]:
    """Keys, expiry, the stream for the relay, paid by request, and restorable to any second.

    The keys of personal data are in no stream, and no longer restorable than is told.
    """
    common = {
        "KeySchema": [("PK", "HASH"), ("SK", "RANGE")],
        "TimeToLiveSpecification": {"AttributeName": "expiresAt", "Enabled": True},
        "BillingMode": "PAY_PER_REQUEST",
    }
    on_the_map = {stage.table(table.name): table for table in APP.tables}
    for name, table in stage.of(TABLE).items():
        recovery: dict[str, Any] = {"PointInTimeRecoveryEnabled": True}
        if name == stage.table(APP.vault.name):
            recovery["RecoveryPeriodInDays"] = KEYS_RESTORABLE
        told = name in on_the_map and on_the_map[name].outbox
        stream = {"StreamViewType": "NEW_IMAGE"} if told else None
        due = common | {"PointInTimeRecoverySpecification": recovery, "StreamSpecification": stream}
        yield from differences({key: table.get(key) for key in due} | {"KeySchema": _keys(table)}, due, f"{name}:")


def indexes_carry_whole_items(stage: Stage) -> Iterator[str]:
    for name, table in stage.of(TABLE).items():
        for index in table.get("GlobalSecondaryIndexes", []):
            if index["Projection"] != {"ProjectionType": "ALL"}:
                yield f"{name}: the index {index['IndexName']} carries only {index['Projection']}"
        types = {a["AttributeType"] for a in table["AttributeDefinitions"]}
        if types != {"S"}:
            yield f"{name} has keys that are no text: {types}"


def data_is_kept_in_production_and_goes_elsewhere(stage: Stage) -> Iterator[str]:
    """Explicitly so; and whatever holds none leaves no trace."""
    for name, resource in stage.resources.items():
        stateful = resource["Type"] in STATEFUL
        policy = "Retain" if stateful and stage.production else "Delete"
        unsaid = None if stateful else "Delete"
        found = {resource.get(key, unsaid) for key in ("DeletionPolicy", "UpdateReplacePolicy")}
        if found != {policy}:
            yield f"{name} is not '{policy}' when its stack goes, but {found}"
        switch, on, off = STATEFUL.get(resource["Type"], ("", None, None))
        if switch and resource["Properties"].get(switch, off) != (on if stage.production else off):
            yield f"{name} has {switch} {resource['Properties'].get(switch)}"


def data_is_apart_from_what_is_replaced(stage: Stage) -> Iterator[str]:
    for name, resource in stage.resources.items():
        kind, replaced = resource["Type"], name.startswith("shop/")
        if kind in BESIDE_WHAT_WORKS:
            continue
        if replaced and (kind in STATEFUL or kind.startswith(ALIKE)):
            yield f"{name} holds data, and is in the stack that deployments replace"
        called_by_the_pool = name.startswith("identity/") and kind.startswith("AWS::Lambda::")  # ADR 30
        if not replaced and kind.startswith(WORKING) and not called_by_the_pool:
            yield f"{name} works, and is in a stack that keeps data"


def _keys(keyed: dict[str, Any]) -> list[tuple[str, str]]:
    return [(key["AttributeName"], key["KeyType"]) for key in keyed["KeySchema"]]
