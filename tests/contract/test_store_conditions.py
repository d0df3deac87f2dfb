"""What a write may demand of the stored item; a write whose demand is not met changes nothing."""

from types import NoneType

import pytest

from cartwheel.kernel.conditions import (
    AllOf,
    AnyOf,
    AtLeast,
    Below,
    Condition,
    Equals,
    Exists,
    Missing,
    NotExists,
)
from cartwheel.kernel.store import (
    Check,
    ConditionFailed,
    Delete,
    InvalidWrite,
    Item,
    Key,
    Put,
    Query,
    Store,
    Update,
    Write,
)

from .adapters import THINGS

STORED: Item = {"n": 5, "s": "m", "yes": True, "nothing": None, "list": [1], "emoji": "\U0001f600"}

# condition, whether it holds for STORED, whether it holds when there is no item
CASES: list[tuple[Condition, bool, bool]] = [
    (Exists(), True, False),
    (NotExists(), False, True),
    (Equals("n", 5), True, False),
    (Equals("n", 6), False, False),
    (Equals("n", "5"), False, False),
    (Equals("s", "m"), True, False),
    (Equals("s", "M"), False, False),
    (Equals("yes", True), True, False),
    (Equals("yes", 1), False, False),
    (Equals("n", True), False, False),
    (Equals("nothing", 0), False, False),
    (Equals("gone", 5), False, False),
    (Equals("list", 1), False, False),
    (AtLeast("n", 4), True, False),
    (AtLeast("n", 5), True, False),
    (AtLeast("n", 6), False, False),
    (AtLeast("n", "4"), False, False),
    (AtLeast("s", "m"), True, False),
    (AtLeast("s", "n"), False, False),
    (AtLeast("s", 0), False, False),
    (AtLeast("yes", 0), False, False),
    (AtLeast("nothing", 0), False, False),
    (AtLeast("list", 0), False, False),
    (AtLeast("gone", -1), False, False),
    (AtLeast("emoji", "\uffff"), True, False),
    (Below("n", 6), True, False),
    (Below("n", 5), False, False),
    (Below("n", "6"), False, False),
    (Below("s", "n"), True, False),
    (Below("s", "m"), False, False),
    (Below("yes", 2), False, False),
    (Below("gone", 1), False, False),
    (Below("nothing", 1), False, False),
    (Missing("gone"), True, True),
    (Missing("n"), False, True),
    (Missing("nothing"), False, True),
    (AnyOf((NotExists(), Below("n", 6))), True, True),
    (AnyOf((Equals("n", 6), Equals("s", "m"))), True, False),
    (AnyOf((NotExists(), Equals("n", 6))), False, True),
    (AllOf((Exists(), Equals("n", 5))), True, False),
    (AllOf((Exists(), Missing("n"))), False, False),
    (AllOf((Missing("gone"), Missing("missing"))), True, True),
    (AllOf((AnyOf((Equals("n", 1), Equals("n", 5))), AnyOf((Missing("gone"), Exists())))), True, False),
]


@pytest.mark.parametrize(("condition", "holds", "_"), CASES, ids=repr)
def test_a_condition_on_an_item(store: Store, pk: str, condition: Condition, holds: bool, _: bool) -> None:
    item = {"PK": pk, "SK": "a", **STORED}
    store.transact([Put(THINGS, item)])
    assert _passes(store, pk, condition) is holds
    assert store.get(THINGS, Key(pk, "a")) == item


@pytest.mark.parametrize(("condition", "_", "holds"), CASES, ids=repr)
def test_a_condition_without_an_item(store: Store, pk: str, condition: Condition, _: bool, holds: bool) -> None:
    assert _passes(store, pk, condition) is holds
    assert store.get(THINGS, Key(pk, "a")) is None


def _passes(store: Store, pk: str, condition: Condition) -> bool:
    (refused,) = store.transact_each([[Check(THINGS, Key(pk, "a"), condition)]])
    if refused is None:
        return True
    assert isinstance(refused, ConditionFailed)
    assert refused.failed == (0,)
    return False


def _writes(pk: str, condition: Condition) -> list[Write]:
    key = Key(pk, "a")
    return [
        Put(THINGS, {"PK": pk, "SK": "a", "n": 99}, condition),
        Update(THINGS, key, set={"n": 99}, condition=condition),
        Update(THINGS, key, add={"n": 1}, condition=condition),
        Update(THINGS, key, remove=("n",), condition=condition),
        Delete(THINGS, key, condition),
    ]


@pytest.mark.parametrize("kind", range(5))
def test_each_kind_of_write_demands_its_condition(store: Store, pk: str, kind: int) -> None:
    item = {"PK": pk, "SK": "a", "n": 5}
    store.transact([Put(THINGS, item)])
    with pytest.raises(ConditionFailed):
        store.transact([_writes(pk, Equals("n", 4))[kind]])
    assert store.get(THINGS, Key(pk, "a")) == item
    store.transact([_writes(pk, Equals("n", 5))[kind]])
    assert store.get(THINGS, Key(pk, "a")) != item


def test_failed_names_the_positions_of_all_unmet_conditions(store: Store, pk: str) -> None:
    store.transact([Put(THINGS, {"PK": pk, "SK": "a", "n": 5})])
    with pytest.raises(ConditionFailed) as raised:
        store.transact(
            [
                Put(THINGS, {"PK": pk, "SK": "a"}, NotExists()),
                Put(THINGS, {"PK": pk, "SK": "b"}, NotExists()),
                Check(THINGS, Key(pk, "c"), Exists()),
                Put(THINGS, {"PK": pk, "SK": "d"}),
            ]
        )
    assert raised.value.failed == (0, 2)
    assert store.get(THINGS, Key(pk, "b")) is None
    assert store.get(THINGS, Key(pk, "d")) is None


def test_several_transactions_are_each_for_itself(store: Store, pk: str) -> None:
    """They are applied in turn: a later one sees what an earlier one wrote."""
    fresh, taken = Put(THINGS, {"PK": pk, "SK": "a"}, NotExists()), Check(THINGS, Key(pk, "a"), NotExists())
    outcomes = store.transact_each(
        [[taken], [fresh], [Put(THINGS, {"PK": pk, "SK": "b"}), taken], [], [Put(THINGS, {"PK": pk, "SK": "c"})]]
    )
    assert [type(outcome) for outcome in outcomes] == [NoneType, NoneType, ConditionFailed, InvalidWrite, NoneType]
    assert [item["SK"] for item in store.query(Query(THINGS, pk)).items] == ["a", "c"]
    assert store.transact_each([]) == []


def test_conditions_see_the_state_before_the_transaction(store: Store, pk: str) -> None:
    store.transact([Put(THINGS, {"PK": pk, "SK": "a"}), Check(THINGS, Key(pk, "b"), NotExists())])
    with pytest.raises(ConditionFailed):
        store.transact([Put(THINGS, {"PK": pk, "SK": "b"}), Check(THINGS, Key(pk, "c"), Exists())])


@pytest.mark.parametrize(
    ("stored", "asked", "holds"),
    [
        ([1, "a", None], [1, "a", None], True),
        ([1, "a"], ["a", 1], False),
        ([], [], True),
        ({"a": {"b": [True]}}, {"a": {"b": [True]}}, True),
        ({"a": {"b": [True]}}, {"a": {"b": [1]}}, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({}, {}, True),
        (None, None, True),
        ([None], [""], False),
    ],
)
def test_values_of_any_form_are_compared_whole(
    store: Store, pk: str, stored: object, asked: object, holds: bool
) -> None:
    """As a repair has to that replaces an item only if it still is as it was."""
    store.transact([Put(THINGS, {"PK": pk, "SK": "a", "value": stored})])
    check = Check(THINGS, Key(pk, "a"), AllOf((Exists(), Equals("value", asked))))
    if holds:
        store.transact([check])
    else:
        with pytest.raises(ConditionFailed):
            store.transact([check])
