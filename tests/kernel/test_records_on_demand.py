"""Records are built at their first use, or all at once."""

from cartwheel.kernel.schema import Record, build_all


class Inner(Record):
    some_text: str


class Outer(Record):
    inner_one: Inner


def test_a_record_is_built_at_its_first_use() -> None:
    class Fresh(Record):
        some_number: int

    assert not Fresh.__pydantic_complete__
    assert Fresh.model_validate({"someNumber": 1}).model_dump(by_alias=True) == {"someNumber": 1}
    assert Fresh.__pydantic_complete__


def test_all_are_built_at_once() -> None:
    build_all()
    assert Inner.__pydantic_complete__
    assert Outer.__pydantic_complete__
