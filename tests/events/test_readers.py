"""The check is sound: what it lets pass breaks neither new code that reads old events nor old code that reads new ones.

An event has a field of any kind, or none, and then one of another kind; all pairs that the check takes for compatible
are tried with whatever such events may hold.
"""

import json
from contextlib import suppress
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, create_model

from cartwheel.kernel.contract import breaks, schema_of
from cartwheel.kernel.events import Cause, Envelope, Event, Unreadable
from cartwheel.kernel.schema import Record

SMALL, BIG = st.integers(0, 9), st.integers(-(10**12), 10**12)
TEXT = st.text(max_size=12)


class Line(Record):
    sku: str


class Priced(Record):
    sku: str
    price: int | None = None


class Counted(Record):
    sku: str
    quantity: int


KINDS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (int, BIG),
    (Annotated[int, Field(ge=0)], SMALL),
    (Annotated[int, Field(ge=0, le=9)], SMALL),
    (Annotated[int, Field(gt=-1)], SMALL),
    (str, TEXT),
    (Annotated[str, Field(max_length=12)], TEXT),
    (Annotated[str, Field(max_length=3)], st.text(max_size=3)),
    (Annotated[str, Field(pattern="^a")], TEXT.map("a".__add__)),
    (Literal["a", "b"], st.sampled_from(["a", "b"])),
    (Literal["a"], st.just("a")),
    (bool, st.booleans()),
    (int | str, BIG | TEXT),
    (list[int], st.lists(BIG, max_size=3)),
    (list[Annotated[int, Field(ge=0)]], st.lists(SMALL, max_size=3)),
    (dict[str, int], st.dictionaries(TEXT, BIG, max_size=3)),
    (Line, TEXT.map(lambda text: {"sku": text})),
    (Priced, st.tuples(TEXT, BIG).map(lambda made: {"sku": made[0], "price": made[1]})),
    (Counted, st.tuples(TEXT, BIG).map(lambda made: {"sku": made[0], "quantity": made[1]})),
    (list[Line], st.lists(TEXT.map(lambda text: {"sku": text}), max_size=3)),
    (list[Counted], st.lists(TEXT.map(lambda text: {"sku": text, "quantity": 1}), max_size=3)),
]
Variant = tuple[int, bool] | None  # the kind of the field and whether it is required; None: there is no such field
VARIANTS: list[Variant] = [None, *((kind, required) for kind in range(len(KINDS)) for required in (True, False))]


@cache
def happened(variant: Variant) -> type[Event]:
    made: dict[str, Any] = {"order_id": (str, ...)}
    if variant:
        annotation = KINDS[variant[0]][0]
        made["told_so"] = (annotation, ...) if variant[1] else (annotation | None, None)
    return create_model("Happened", __base__=Event, __cls_kwargs__={"source": "test", "subject": "order_id"}, **made)


COMPATIBLE = [
    (old, new)
    for old in VARIANTS
    for new in VARIANTS
    if breaks(schema_of(happened(old)), schema_of(happened(new))) == []
]
changes = st.sampled_from([change for change in COMPATIBLE if change[0] != change[1]])


@st.composite
def published(draw: st.DrawFn, variant: Variant) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the code tells, and the detail in which it travels, as JSON."""
    told = {"order_id": "1"}
    if variant and (variant[1] or draw(st.booleans())):
        told["told_so"] = draw(KINDS[variant[0]][1])
    detail = Envelope.of(happened(variant)(**told), Cause("1", "1")).detail
    return told, json.loads(json.dumps(detail))


def test_there_is_something_to_try() -> None:
    assert 2 * len(VARIANTS) < len(COMPATIBLE) < len(VARIANTS) ** 2 / 4


@settings(max_examples=400, deadline=None)
@given(changes, st.data())
def test_new_code_reads_old_events(change: tuple[Variant, Variant], data: st.DataObject) -> None:
    old, new = change
    told, detail = data.draw(published(old))
    read = happened(new).read(detail).model_dump(exclude_none=True)
    assert read == told


@settings(max_examples=400, deadline=None)
@given(changes, st.data())
def test_old_code_reads_new_events_or_refuses_them(change: tuple[Variant, Variant], data: st.DataObject) -> None:
    old, new = change
    told, detail = data.draw(published(new))
    with suppress(Unreadable):
        assert_within(happened(old).read(detail).model_dump(exclude_none=True), told)


def assert_within(read: Any, told: Any) -> None:
    """What is read was told. Who reads numbers takes those in a text, too."""
    if isinstance(read, dict):
        assert read.keys() <= told.keys()
        for name in read:
            assert_within(read[name], told[name])
    elif isinstance(read, list):
        for mine, its in zip(read, told, strict=True):
            assert_within(mine, its)
    else:
        assert str(read) == str(told) or (isinstance(read, int) and read == Decimal(told))
