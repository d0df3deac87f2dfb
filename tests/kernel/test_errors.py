"""Problems as RFC 9457 documents."""

import json

import pytest

from cartwheel.kernel import errors
from cartwheel.kernel.errors import TYPES, Busy, FieldError, Invalid, Problem

KINDS: list[type[Problem]] = [Problem, *Problem.__subclasses__()]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_problem_is_a_document(kind: type[Problem]) -> None:
    document = json.loads(kind("what happened and what to do").body())
    assert document == {
        "type": TYPES + kind.kind,
        "title": kind.title,
        "status": kind.status,
        "detail": "what happened and what to do",
    }
    assert 400 <= kind.status < 600


def test_types_are_not_shared() -> None:
    assert len({kind.kind for kind in KINDS}) == len(KINDS)
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    assert set(KINDS) == {each for each in classes if issubclass(each, Problem)}


def test_fields_are_named() -> None:
    problem = Invalid("no", [FieldError(field="body.lines.0.quantity", reason="must be positive")])
    assert json.loads(problem.body())["errors"] == [{"field": "body.lines.0.quantity", "reason": "must be positive"}]


def test_busy_says_when_to_come_again() -> None:
    assert Busy("later", retry_after=7).headers == {"Retry-After": "7"}
