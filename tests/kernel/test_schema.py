import pytest
from pydantic import TypeAdapter, ValidationError

from cartwheel.kernel.schema import Email, Record, Request, Text

SECRET = "alice@example.com"


class Thing(Record):
    own_name: str
    size: int = 0


class Wish(Request):
    own_name: Text


def test_records_are_camel_case_outside_and_snake_case_inside() -> None:
    assert Thing.model_validate({"ownName": "a"}) == Thing(own_name="a")
    assert Thing(own_name="a").model_dump(by_alias=True) == {"ownName": "a", "size": 0}


def test_a_record_ignores_what_newer_writers_add() -> None:
    assert Thing.model_validate({"ownName": "a", "new": 1}) == Thing(own_name="a")


def test_a_record_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Thing(own_name="a").size = 2  # type: ignore[misc]


@pytest.mark.parametrize("body", [{"ownName": "a", "more": 1}, {"own_name": "a"}, {}])
def test_a_request_has_exactly_its_fields(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Wish.model_validate(body)


@pytest.mark.parametrize("kind", [Thing, Wish])
def test_a_validation_error_does_not_quote_the_data(kind: type[Record]) -> None:
    with pytest.raises(ValidationError) as raised:
        kind.model_validate({"ownName": [SECRET], "size": SECRET})
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    "address",
    ["a@b", "alice@example.com", "o'hara+tag@mail.example.co.uk", "a.b@xn--bcher-kva.example", "x" * 64 + "@a.b"],
)
def test_addresses_that_are_taken(address: str) -> None:
    assert TypeAdapter(Email).validate_python(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "alice",
        "@example.com",
        "alice@",
        "a b@example.com",
        "a@b@c",
        "a@b..c",
        "a@-b.c",
        "a@b.c\n",
        "a\r\nBcc: x@y.z@b",
        "a@b,c@d",
        "<a@b.c>",
        "ü@example.com",
        "x" * 65 + "@a.b",
        "a@" + "x" * 64 + ".b",
        "a@" + "b." * 130 + "c",
    ],
    ids=ascii,
)
def test_addresses_that_are_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Email).validate_python(address)
