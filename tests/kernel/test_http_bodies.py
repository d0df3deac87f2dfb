"""Whatever a body is, it is taken as it should be, or refused with the field and the reason."""

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cartwheel.kernel.store import Key
from tests.contract.adapters import THINGS

from .shelf import Shelf, assert_problem

GOOD = {"box": "a", "price": 9.99}

BAD_JSON = {
    "half": '{"box": "a"',
    "no json": "hello",
    "NaN": '{"box": "a", "price": NaN}',
    "Infinity": '{"box": "a", "price": -Infinity}',
    "deep lists": "[" * 100_000,
    "deep objects": '{"a":' * 100_000,
    "closed deep lists": "[" * 50_000 + "]" * 50_000,
    "huge integer": '{"box": "a", "price": ' + "9" * 5000 + "}",
    "huge exponent": '{"box": "a", "price": 1e99999999999999999999}',
    "a name twice": '{"box": "a", "price": 1, "price": 2}',
    "a name twice, deep": '{"box": "a", "price": 1, "tags": [{"x": 1, "x": 2}]}',
    "two documents": "{} {}",
    "trailing comma": '{"box": "a", "price": 1,}',
    "single quotes": "{'box': 'a'}",
    "half a character": r'{"box": "a", "price": 1, "tags": ["fine", "\udfff"]}',
    "half a character as a name": r'{"box": "a", "price": 1, "\uD800": 1}',
    "byte order mark": '\ufeff{"box": "a"}',
}


@pytest.mark.parametrize("name", BAD_JSON)
def test_a_body_that_is_no_json_is_a_problem(shelf: Shelf, name: str) -> None:
    answer = shelf.request("POST", "/boxes", body=BAD_JSON[name], headers={"content-type": "application/json"})
    assert assert_problem(answer, 400)["errors"]


NOT_VALID: dict[str, tuple[Any, str]] = {
    "empty": (None, "body"),
    "null": ("null", "body"),
    "a list": ([], "body"),
    "a text": ("text", "body"),
    "a field is missing": ({"box": "a"}, "body.price"),
    "an unknown field": (GOOD | {"colour": "red"}, "body.colour"),
    "a field in snake case of another": (GOOD | {"pieces_": 1}, "body.pieces_"),
    "a text for a number": (GOOD | {"price": "9.99"}, "body.price"),
    "a boolean for a number": (GOOD | {"price": True}, "body.price"),
    "a negative price": (GOOD | {"price": -0.01}, "body.price"),
    "a price too high": (GOOD | {"price": 1e300}, "body.price"),
    "an unknown currency": (GOOD | {"currency": "XYZ"}, "body.currency"),
    "zero pieces": (GOOD | {"pieces": 0}, "body.pieces"),
    "half a piece": (GOOD | {"pieces": 1.5}, "body.pieces"),
    "an integer beyond 64 bits": (GOOD | {"pieces": 10**30}, "body.pieces"),
    "an empty text": (GOOD | {"box": " "}, "body.box"),
    "a long text": (GOOD | {"box": "x" * 201}, "body.box"),
    "a number in a list": (GOOD | {"tags": ["fine", 5]}, "body.tags.1"),
}


@pytest.mark.parametrize("name", NOT_VALID)
def test_a_body_that_is_not_valid_is_a_problem_with_the_field_and_the_reason(shelf: Shelf, name: str) -> None:
    body, field = NOT_VALID[name]
    text = None if body is None else json.dumps(body)
    answer = shelf.request("POST", "/boxes", body=text, headers={"content-type": "application/json"})
    errors = assert_problem(answer, 422)["errors"]
    assert [error["field"] for error in errors] == [field]
    assert all(error["reason"] for error in errors)
    assert shelf.store.get(THINGS, Key("boxes", "a")) is None


def test_all_wrong_fields_are_named(shelf: Shelf) -> None:
    answer = shelf.request("POST", "/boxes", {"price": -1, "pieces": 0, "other": 1})
    fields = {error["field"] for error in assert_problem(answer, 422)["errors"]}
    assert fields == {"body.box", "body.price", "body.pieces", "body.other"}


def test_too_many_digits_is_a_problem(shelf: Shelf) -> None:
    assert "digits" in assert_problem(shelf.request("POST", "/boxes", GOOD | {"price": 9.999}), 422)["detail"]


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "text/csv",
        "application/xml",
        "multipart/form-data",
        "Multipart/Form-Data; boundary=x",
        "multipart/form-data; boundary=x",
        "nonsense",
    ],
)
def test_another_content_type_is_a_problem(shelf: Shelf, content_type: str) -> None:
    answer = shelf.request("POST", "/boxes", body=json.dumps(GOOD), headers={"content-type": content_type})
    assert "application/json" in assert_problem(answer, 415)["detail"]


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/x-www-form-urlencoded", None])
def test_json_may_be_called_by_other_names(shelf: Shelf, content_type: str | None) -> None:
    headers = {"content-type": content_type} if content_type else {}
    assert shelf.request("POST", "/boxes", body=json.dumps(GOOD), headers=headers).status == 202


def test_a_body_that_is_no_text_is_a_problem(shelf: Shelf) -> None:
    def binary(event: dict[str, Any]) -> None:
        event |= {"body": base64.b64encode(b'{"box": "\xff"}').decode(), "isBase64Encoded": True}

    answer = shelf.request("POST", "/boxes", body="x", headers={"content-type": "application/json"}, change=binary)
    assert_problem(answer, 400)


def test_a_body_may_come_as_base64(shelf: Shelf) -> None:
    def encoded(event: dict[str, Any]) -> None:
        event |= {"body": base64.b64encode(json.dumps(GOOD).encode()).decode(), "isBase64Encoded": True}

    answer = shelf.request("POST", "/boxes", body="x", headers={"content-type": "application/json"}, change=encoded)
    assert answer.status == 202


json_values = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | json_values.map(json.dumps))
def test_no_body_can_break_a_route(shelf: Shelf, body: str) -> None:
    answer = shelf.request("POST", "/boxes", body=body, headers={"content-type": "application/json"})
    assert_problem(answer, 400, 422)
