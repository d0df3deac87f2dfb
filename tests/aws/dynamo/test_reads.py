"""Reading from DynamoDB: what it is asked, and what its answers mean."""

import os

import pytest

from cartwheel.aws.store import DynamoStore
from cartwheel.kernel.store import MAX_PK_BYTES, InvalidCursor, InvalidWrite, Key, Page, Query, Scan
from tests.contract.adapters import OTHER_DYNAMODB, THINGS, dynamo_client

from .wire import Wire, error

KEY = Key("p", "s")


def test_an_empty_page_with_more_behind_it_is_no_end(store: DynamoStore, wire: Wire) -> None:
    item = {"PK": {"S": "p"}, "SK": {"S": "s"}}
    wire.script = [(200, {"Items": [], "LastEvaluatedKey": item}), (200, {"Items": [item]})]
    assert [found["SK"] for found in store.query(Query(THINGS, "p", limit=5)).items] == ["s"]
    assert wire.sent[1][1]["ExclusiveStartKey"] == item
    assert [body["Limit"] for _, body in wire.sent] == [6, 12]


def test_reads_by_key_are_consistent(store: DynamoStore, wire: Wire) -> None:
    wire.script = [(200, {"Items": []})]
    store.get(THINGS, KEY)
    store.query(Query(THINGS, "p"))
    store.query(Query(THINGS, "p", index="by-group"))
    assert [body.get("ConsistentRead") for _, body in wire.sent] == [True, True, None]


def test_a_cursor_that_dynamodb_refuses_was_tampered_with(store: DynamoStore, wire: Wire) -> None:
    item = {"PK": {"S": "p"}, "SK": {"S": "s"}}
    wire.script = [(200, {"Items": [item, item]}), error("ValidationException")]
    cursor = store.query(Query(THINGS, "p", limit=1)).next
    with pytest.raises(InvalidCursor):
        store.query(Query(THINGS, "p", cursor=cursor))
    with pytest.raises(InvalidWrite):
        store.query(Query(THINGS, "p"))


def test_what_no_key_can_be_is_not_asked_for(store: DynamoStore, wire: Wire) -> None:
    """DynamoDB would call the request wrong; but it is what a caller asks for, not the code."""
    long = "x" * (MAX_PK_BYTES + 1)
    assert store.get(THINGS, Key(long, "s")) is None
    for query in (Query(THINGS, long), Query(THINGS, ""), Query(THINGS, "p", prefix=long)):
        assert store.query(query) == Page([], None)
    assert wire.sent == []


@pytest.mark.parametrize("query", [Query("nowhere", "p"), Query(THINGS, "p", index="by-nothing")], ids=repr)
def test_an_unknown_table_or_index_is_named(store: DynamoStore, wire: Wire, query: Query) -> None:
    with pytest.raises(InvalidWrite, match=query.index or query.table):
        store.query(query)
    assert wire.sent == []


def test_a_page_takes_one_request(store: DynamoStore, wire: Wire) -> None:
    items = [{"PK": {"S": "p"}, "SK": {"S": str(number)}} for number in range(3)]
    wire.script = [(200, {"Items": items, "LastEvaluatedKey": items[2]})]
    page = store.query(Query(THINGS, "p", limit=2))
    assert [item["SK"] for item in page.items] == ["0", "1"]
    assert page.next
    assert [body["Limit"] for _, body in wire.sent] == [3]


def test_a_scan_that_finds_nothing_ends_its_page_in_the_end(store: DynamoStore, wire: Wire) -> None:
    """It reads more at each request, and then lets its caller breathe: the cursor goes on from what was read."""
    item = {"PK": {"S": "other"}, "SK": {"S": "s"}}
    wire.script = [*[(200, {"Items": [], "LastEvaluatedKey": item})] * 8, (200, {"Items": []})]
    page = store.scan(Scan(THINGS, "p", limit=1))
    assert page.items == []
    assert [body["Limit"] for _, body in wire.sent] == [2 * 2**number for number in range(8)]
    assert all(body["ConsistentRead"] for _, body in wire.sent)
    assert store.scan(Scan(THINGS, "p", limit=1, cursor=page.next)) == Page([], None)
    assert wire.sent[-1][1]["ExclusiveStartKey"] == item


def test_a_scan_asks_for_the_keys_that_begin_so(store: DynamoStore, wire: Wire) -> None:
    wire.script = [(200, {"Items": []}), (200, {"Items": []})]
    store.scan(Scan(THINGS, "p"))
    store.scan(Scan(THINGS, ""))
    (_, some), (_, all_of_them) = wire.sent
    assert some["FilterExpression"] == "begins_with(#n0, :v0)"
    assert some["ExpressionAttributeNames"] == {"#n0": "PK"}
    assert some["ExpressionAttributeValues"] == {":v0": {"S": "p"}}
    assert "FilterExpression" not in all_of_them
    assert store.scan(Scan(THINGS, "x" * (MAX_PK_BYTES + 1))) == Page([], None)
    assert len(wire.sent) == 2


def test_a_scan_s_cursor_that_dynamodb_refuses_was_tampered_with(store: DynamoStore, wire: Wire) -> None:
    item = {"PK": {"S": "p"}, "SK": {"S": "s"}}
    wire.script = [(200, {"Items": [item, item]}), error("ValidationException"), error("ValidationException")]
    cursor = store.scan(Scan(THINGS, "p", limit=1)).next
    with pytest.raises(InvalidCursor):
        store.scan(Scan(THINGS, "p", cursor=cursor))
    with pytest.raises(InvalidWrite):
        store.scan(Scan(THINGS, "p"))


def test_another_dynamodb_was_asked_too() -> None:
    if OTHER_DYNAMODB not in os.environ:
        pytest.skip(f"{OTHER_DYNAMODB} names no endpoint, such as a DynamoDB Local of yours: only MiniStack was asked")
    with dynamo_client(os.environ[OTHER_DYNAMODB]) as client:
        client.list_tables()
