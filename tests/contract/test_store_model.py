"""The store against a dict: whatever is written in whatever order, both say the same."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from cartwheel.kernel.conditions import AllOf, AnyOf, AtLeast, Below, Condition, Equals, Exists, Missing, NotExists
from cartwheel.kernel.ids import new_id
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
    query_all,
)

from .adapters import THINGS

Sketch = Callable[[str], Write]  # a write, but for its partition

sks = st.sampled_from("abc")
names = st.sampled_from(["m", "n", "group", "rank"])
values = st.sampled_from([0, 1, 2, "1", "2", True])
bounds = st.sampled_from([0, 1, 2, "1", "2"])
simple: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Exists),
    st.builds(NotExists),
    st.builds(Equals, names, values),
    st.builds(AtLeast, names, bounds),
    st.builds(Below, names, bounds),
    st.builds(Missing, names),
)
groups = st.lists(simple, min_size=1, max_size=3).map(tuple)
conditions = st.one_of(simple, st.builds(AnyOf, groups), st.builds(AllOf, groups))
attributes = st.dictionaries(names, values, max_size=3)


def _put(sk: str, item: Item, condition: Condition | None) -> Sketch:
    return lambda pk: Put(THINGS, {"PK": pk, "SK": sk, **item}, condition)


def _update(sk: str, to: Item, add: dict[str, int], remove: set[str], condition: Condition | None) -> Sketch:
    return lambda pk: Update(THINGS, Key(pk, sk), to, add, tuple(sorted(remove)), condition)


def _delete(sk: str, condition: Condition | None) -> Sketch:
    return lambda pk: Delete(THINGS, Key(pk, sk), condition)


def _check(sk: str, condition: Condition) -> Sketch:
    return lambda pk: Check(THINGS, Key(pk, sk), condition)


maybe = st.none() | conditions
writes = st.one_of(
    st.builds(_put, sks, attributes, maybe),
    st.builds(
        _update,
        sks,
        attributes,
        st.dictionaries(names, st.integers(-2, 2), max_size=2),
        st.sets(names, max_size=1),
        maybe,
    ),
    st.builds(_delete, sks, maybe),
    st.builds(_check, sks, conditions),
)


def holds(condition: Condition | None, item: Item | None) -> bool:
    """As the port's documentation says it, written a second time."""
    there = item or {}
    match condition:
        case None:
            return True
        case Exists():
            return item is not None
        case NotExists():
            return item is None
        case Missing(name):
            return name not in there
        case AnyOf(inner):
            return any(holds(each, item) for each in inner)
        case AllOf(inner):
            return all(holds(each, item) for each in inner)
        case Equals(name, value):
            return (type(there.get(name)), there.get(name)) == (type(value), value)
        case AtLeast(name, value):
            return _comparable(there.get(name), value) and there[name] >= value
        case Below(name, value):
            return _comparable(there.get(name), value) and there[name] < value


def _comparable(stored: Any, value: Any) -> bool:
    return type(stored) is type(value) and type(stored) in (int, str)


def after(write: Write, item: Item | None) -> Item | None:
    """The item after the write. Raises InvalidWrite."""
    match write:
        case Check():
            return item
        case Delete():
            return None
        case Put():
            changed = write.item
        case Update():
            names = [*write.set, *write.add, *write.remove]
            if len(set(names)) < len(names):
                raise InvalidWrite
            changed = {**(item or {"PK": write.key.pk, "SK": write.key.sk}), **write.set}
            for name, amount in write.add.items():
                if type(changed.get(name, 0)) is not int:
                    raise InvalidWrite
                changed[name] = changed.get(name, 0) + amount
            changed = {name: value for name, value in changed.items() if name not in write.remove}
    if any(not isinstance(changed.get(name, "text"), str) for name in ("group", "rank")):
        raise InvalidWrite
    return changed


class StoreMachine(RuleBasedStateMachine):
    store: Store

    @initialize()
    def begin(self) -> None:
        self.pk = new_id()
        self.model: dict[str, Item] = {}

    @rule(sketches=st.lists(writes, min_size=1, max_size=3))
    def transact(self, sketches: list[Sketch]) -> None:
        transaction = [sketch(self.pk) for sketch in sketches]
        expected = self._outcome(transaction)
        if isinstance(expected, dict):
            self.store.transact(transaction)
            self.model = expected
        elif expected == []:
            with pytest.raises((InvalidWrite, ConditionFailed)):
                self.store.transact(transaction)
        else:
            with pytest.raises(ConditionFailed) as raised:
                self.store.transact(transaction)
            assert list(raised.value.failed) == expected

    def _outcome(self, transaction: list[Write]) -> dict[str, Item] | list[int]:
        """The items afterwards, or the positions that fail; none of them when the transaction is not valid."""
        model = dict(self.model)
        if len({write.key for write in transaction}) < len(transaction):
            return []
        failed = [
            position
            for position, write in enumerate(transaction)
            if not holds(write.condition, model.get(write.key.sk))
        ]
        try:
            for write in transaction:
                changed = after(write, model.pop(write.key.sk, None))
                if changed is not None:
                    model[write.key.sk] = changed
        except InvalidWrite:
            return []
        return failed or model

    @invariant()
    def same(self) -> None:
        for sk in "abc":
            assert self.store.get(THINGS, Key(self.pk, sk)) == self.model.get(sk)
        assert self.store.query(Query(THINGS, self.pk)).items == [self.model[sk] for sk in sorted(self.model)]
        for group in ("1", "2"):
            indexed = [item for item in self.model.values() if item.get("group") == group and "rank" in item]
            listed = query_all(self.store, Query(THINGS, group, index="by-group", limit=2))
            own = [item for item in listed if item["PK"] == self.pk]
            assert [item["rank"] for item in own] == sorted(item["rank"] for item in indexed)
            assert sorted(own, key=_sk) == sorted(indexed, key=_sk)  # equals in any order: DynamoDB promises none


def _sk(item: Item) -> str:
    return str(item["SK"])


def test_the_store_is_as_good_as_a_dict(store: Store) -> None:
    machine = type("Machine", (StoreMachine,), {"store": store})
    run_state_machine_as_test(machine, settings=settings(max_examples=30, stateful_step_count=15, deadline=None))
