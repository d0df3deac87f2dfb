"""The store on DynamoDB at the moments that no stand-in produces: lost answers, throttling, others at the same item."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest

from cartwheel.aws.store import ATTEMPTS, DynamoStore
from cartwheel.kernel.conditions import Equals, NotExists
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.store import (
    MAX_ITEM_BYTES,
    AccessDenied,
    Check,
    ConditionFailed,
    Delete,
    InvalidWrite,
    Key,
    Put,
    Query,
    StoreError,
    Update,
    Write,
)
from tests.contract.adapters import THINGS, dynamo_client, dynamo_store

from .wire import DONE, LOST, Answer, Wire, cancelled, error

KEY = Key("p", "s")
PUT = Put(THINGS, {"PK": "p", "SK": "s"}, NotExists())
CHECK = Check(THINGS, Key("p", "other"), NotExists())
CONFLICT = cancelled("TransactionConflict", "None")
THROTTLED = error("ThrottlingException")


TROUBLES: list[Answer] = [
    LOST,
    THROTTLED,
    error("InternalServerError", 500),
    CONFLICT,
    cancelled("None", "ThrottlingError"),
    error("TransactionInProgressException"),
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=repr)
def test_a_transaction_is_repeated_with_its_token(store: DynamoStore, wire: Wire, trouble: Answer) -> None:
    wire.script = [trouble, trouble, DONE]
    store.transact([PUT, CHECK])
    assert wire.operations == ["TransactWriteItems"] * 3
    assert len(wire.tokens) == 1
    assert [body["TransactItems"] for _, body in wire.sent] == [wire.sent[0][1]["TransactItems"]] * 3


def test_each_transaction_has_a_token_of_its_own(store: DynamoStore, wire: Wire) -> None:
    wire.script = [DONE]
    assert store.transact_each([[PUT], [PUT], [CHECK]]) == [None] * 3
    assert len(wire.tokens) == 3


def test_a_lost_answer_is_no_failed_condition_and_no_second_addition(ministack: str, naps: list[float]) -> None:
    """The stand-in has done the write, the answer is thrown away: the repetition must not meet its own work."""
    with dynamo_client(ministack) as client, dynamo_store(client) as store:
        send, lost = client._endpoint.http_session.send, list[int]()

        def lose(request: AWSPreparedRequest, **_: Any) -> None:
            if len(lost) % 2 == 0:
                lost.append(send(request).status_code)
                raise LOST
            lost.append(0)

        key = Key(new_id(), "a")
        client.meta.events.register("before-send.dynamodb.TransactWriteItems", lose)
        store.transact([Put(THINGS, {"PK": key.pk, "SK": key.sk, "n": 1}, NotExists())])
        store.transact([Update(THINGS, key, add={"n": 1})])
        store.transact([Update(THINGS, key, add={"n": 1}, condition=Equals("n", 2))])
        assert lost == [200, 0] * 3
        assert len(naps) == 3
        assert store.get(THINGS, key) == {"PK": key.pk, "SK": key.sk, "n": 3}


@pytest.mark.parametrize("script", [[LOST], [THROTTLED], [error("InternalServerError", 500)]], ids=repr)
def test_what_stays_unanswered_or_throttled_fails(store: DynamoStore, wire: Wire, script: list[Answer]) -> None:
    wire.script = script
    calls: list[Callable[[], Any]] = [
        lambda: store.transact([PUT]),
        lambda: store.transact([Delete(THINGS, KEY)]),
        lambda: store.get(THINGS, KEY),
        lambda: store.query(Query(THINGS, "p")),
    ]
    for call in calls:
        with pytest.raises(StoreError) as raised:
            call()
        assert type(raised.value) is StoreError
        assert ("may be done or not" in str(raised.value)) is (script == [LOST])


def test_a_lasting_conflict_fails_after_growing_naps(store: DynamoStore, wire: Wire, naps: list[float]) -> None:
    wire.script = [CONFLICT]
    (refused,) = store.transact_each([[PUT, CHECK]])
    assert type(refused) is StoreError
    assert len(wire.sent) == ATTEMPTS
    assert all(0 <= nap <= 0.02 * 2**attempt for attempt, nap in enumerate(naps))
    assert len(naps) == ATTEMPTS - 1


def test_a_single_write_that_meets_a_transaction_is_repeated(store: DynamoStore, wire: Wire) -> None:
    wire.script = [error("TransactionConflictException"), DONE]
    store.transact([Delete(THINGS, KEY)])
    assert wire.operations == ["DeleteItem"] * 2


def test_a_conflict_hides_no_failed_condition(store: DynamoStore, wire: Wire) -> None:
    """Only once all conditions were looked at it is known which failed: the first may say that all was done before."""
    wire.script = [
        cancelled("TransactionConflict", "ConditionalCheckFailed"),
        cancelled(*["ConditionalCheckFailed"] * 2),
    ]
    with pytest.raises(ConditionFailed) as raised:
        store.transact([PUT, CHECK])
    assert raised.value.failed == (0, 1)


ADD = {"n": 1}
SINGLE: list[tuple[Write, str]] = [
    (Put(THINGS, {"PK": "p", "SK": "s"}), "PutItem"),
    (Delete(THINGS, KEY), "DeleteItem"),
    (PUT, "TransactWriteItems"),
    (Delete(THINGS, KEY, NotExists()), "TransactWriteItems"),
    (Update(THINGS, KEY, add=ADD), "TransactWriteItems"),
    (CHECK, "TransactWriteItems"),
]


@pytest.mark.parametrize(("write", "operation"), SINGLE, ids=repr)
def test_only_what_may_be_repeated_goes_without_a_transaction(
    store: DynamoStore, wire: Wire, write: Write, operation: str
) -> None:
    wire.script = [DONE]
    store.transact([write])
    assert wire.operations == [operation]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error("AccessDeniedException"), AccessDenied),
        (error("ValidationException"), InvalidWrite),
        (cancelled("ValidationError", "None"), InvalidWrite),
        (cancelled("ItemCollectionSizeLimitExceeded", "None"), InvalidWrite),
        (cancelled("None", "None"), StoreError),
        (error("IdempotentParameterMismatchException"), StoreError),
        (error("ResourceNotFoundException"), StoreError),
        (error("UnrecognizedClientException"), StoreError),
        ((200, {"no": "json"}), type(None)),
    ],
    ids=repr,
)
def test_what_dynamodb_refuses(store: DynamoStore, wire: Wire, answer: Answer, expected: type) -> None:
    wire.script = [answer]
    (refused,) = store.transact_each([[PUT, CHECK]])
    assert type(refused) is expected
    assert len(wire.sent) == 1


@pytest.mark.parametrize(
    ("condition", "item", "expected"),
    [
        (None, {"n": {"S": "text"}}, InvalidWrite),
        (Equals("m", 1), {"m": {"N": "1"}, "n": {"BOOL": True}}, InvalidWrite),
        (Equals("m", 1), {"m": {"N": "2"}, "n": {"BOOL": True}}, ConditionFailed),
        (Equals("m", 1), None, ConditionFailed),
    ],
    ids=repr,
)
def test_a_sum_that_cannot_be_is_told_from_a_condition(
    store: DynamoStore, wire: Wire, condition: Any, item: Any, expected: type
) -> None:
    wire.script = [cancelled("ConditionalCheckFailed", **({"Item": item} if item else {}))]
    (refused,) = store.transact_each([[Update(THINGS, KEY, add=ADD, condition=condition)]])
    assert type(refused) is expected


def test_no_value_is_part_of_an_expression(store: DynamoStore, wire: Wire) -> None:
    """Names such as `status` are reserved words, and a value could be an expression."""
    wire.script = [DONE]
    store.transact([Update(THINGS, KEY, {"status": "x = y"}, {"size": 1}, ("name",), Equals("status", "a OR b"))])
    ((_, body),) = wire.sent
    texts = expressions(body["TransactItems"])
    assert len(texts) == 2
    assert not any(word in text for text in texts for word in ("status", "size", "name", "x = y", "a OR b"))


def expressions(entries: Sequence[dict[str, Any]]) -> list[str]:
    parts = [part for entry in entries for action in entry.values() for part in action.items()]
    return [text for name, text in parts if name.endswith("Expression")]


def test_what_is_too_large_is_not_sent(store: DynamoStore, wire: Wire) -> None:
    large = "x" * (MAX_ITEM_BYTES - 100)
    for writes in (
        [Put(THINGS, {"PK": "p", "SK": "s", "text": large + large[:100]})],
        [Put(THINGS, {"PK": "p", "SK": str(number), "text": large}) for number in range(11)],
    ):
        with pytest.raises(InvalidWrite):
            store.transact(writes)
    assert wire.sent == []
