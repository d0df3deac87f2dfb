"""What a function declares in the map becomes exactly that, and nothing more."""

from typing import Any

import pytest

from infra.node import choose_node

TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/shop"


def allowed(*access: str) -> list[dict[str, Any]]:
    choose_node()
    from infra.parts.permissions import use_table

    return [statement.to_statement_json() for statement in use_table(TABLE, frozenset(access))]


def test_writes_and_reads_are_of_the_table() -> None:
    (statement,) = allowed("get", "put", "update", "delete", "check", "query", "scan")
    assert statement["Effect"] == "Allow"
    assert statement["Resource"] == TABLE
    assert {action.removeprefix("dynamodb:") for action in statement["Action"]} == {
        "ConditionCheckItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "UpdateItem",
    }


def test_an_index_is_allowed_by_its_name_only() -> None:
    (statement,) = allowed("query by-name", "query by-price")
    assert statement["Action"] == "dynamodb:Query"
    assert statement["Resource"] == [f"{TABLE}/index/by-name", f"{TABLE}/index/by-price"]


def test_who_queries_an_index_may_not_query_the_table() -> None:
    table, index = allowed("get", "query by-name")
    assert (table["Action"], table["Resource"]) == ("dynamodb:GetItem", TABLE)
    assert (index["Action"], index["Resource"]) == ("dynamodb:Query", f"{TABLE}/index/by-name")


def test_no_access_is_no_permission() -> None:
    assert allowed() == []


def test_what_the_store_does_not_know_is_refused() -> None:
    with pytest.raises(KeyError):
        allowed("truncate")
