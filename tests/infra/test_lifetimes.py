"""What a stage leaves behind: production everything that holds data, the others nothing (ADR 17)."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from aws_cdk.assertions import Template

STATEFUL = {
    "AWS::Cognito::UserPool",
    "AWS::DynamoDB::Table",
    "AWS::Events::Archive",
    "AWS::Logs::LogGroup",
    "AWS::SecretsManager::Secret",
}


def resources(templates: "dict[str, Template]") -> list[dict[str, Any]]:
    return [resource for template in templates.values() for resource in template.to_json()["Resources"].values()]


def test_production_keeps_what_holds_data(production: "dict[str, Template]") -> None:
    kept = [r for r in resources(production) if r.get("DeletionPolicy") == r.get("UpdateReplacePolicy") == "Retain"]
    assert {resource["Type"] for resource in kept} == STATEFUL
    assert len(kept) == len([r for r in resources(production) if r["Type"] in STATEFUL])


def test_production_lets_nobody_delete_data_by_hand(production: "dict[str, Template]") -> None:
    tables = [r["Properties"] for r in resources(production) if r["Type"] == "AWS::DynamoDB::Table"]
    assert {table["DeletionProtectionEnabled"] for table in tables} == {True}
    production["identity"].has_resource_properties("AWS::Cognito::UserPool", {"DeletionProtection": "ACTIVE"})


def test_another_stage_goes_without_a_trace(templates: "dict[str, Template]") -> None:
    assert {resource.get("DeletionPolicy", "Delete") for resource in resources(templates)} == {"Delete"}
    assert {resource["DeletionPolicy"] for resource in resources(templates) if resource["Type"] in STATEFUL} == {
        "Delete"
    }
    tables = [r["Properties"] for r in resources(templates) if r["Type"] == "AWS::DynamoDB::Table"]
    assert {table["DeletionProtectionEnabled"] for table in tables} == {False}


@pytest.mark.parametrize("part", ["data", "identity"])
def test_what_keeps_is_apart_from_what_works(part: str, templates: "dict[str, Template]") -> None:
    assert not [r for r in resources({part: templates[part]}) if r["Type"].startswith(("AWS::Lambda", "AWS::SQS"))]
    held = {r["Type"] for r in resources({"shop": templates["shop"]})}
    assert held & STATEFUL == {"AWS::Logs::LogGroup"}
