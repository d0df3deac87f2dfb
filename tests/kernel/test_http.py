"""Whatever comes in, every route answers what it promises or a problem that says what to do."""

import io
import json
from typing import Any

import pytest

from cartwheel.kernel.caller import GROUPS
from cartwheel.kernel.store import Key
from tests.contract.adapters import THINGS

from .shelf import SECRET, Shelf, assert_problem

GOOD = {"box": "a", "price": 9.99}


def test_a_good_request_is_answered(shelf: Shelf) -> None:
    answer = shelf.request("POST", "/boxes", GOOD)
    assert (answer.status, answer.json) == (202, {"box": "a", "price": 9.99})
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=", "limit=1.5", f"limit={'9' * 5000}"])
def test_a_query_that_is_not_valid_is_a_problem(shelf: Shelf, query: str) -> None:
    (error,) = assert_problem(shelf.request("GET", f"/boxes?{query}"), 422)["errors"]
    assert error["field"] == "query.limit"


@pytest.mark.parametrize("cursor", ["x", "é", "W10", "AAAA", "\x00", "x" * 5000])
def test_a_made_up_cursor_is_a_problem(shelf: Shelf, cursor: str) -> None:
    (error,) = assert_problem(shelf.request("GET", f"/boxes?cursor={cursor}"), 422)["errors"]
    assert error["field"] == "query.cursor"


def test_a_list_has_next_on_every_page(shelf: Shelf) -> None:
    for box in "abc":
        assert shelf.request("POST", "/boxes", GOOD | {"box": box}).status == 202
    first = shelf.request("GET", "/boxes?limit=2").json
    assert [box["box"] for box in first["items"]] == ["a", "b"]
    second = shelf.request("GET", f"/boxes?limit=2&cursor={first['next']}").json
    assert [box["box"] for box in second["items"]] == ["c"]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nowhere"), ("GET", "/boxes/a/b/c"), ("DELETE", "/boxes"), ("POST", "/")]
)
def test_what_is_no_route_is_a_problem(shelf: Shelf, method: str, path: str) -> None:
    assert_problem(shelf.request(method, path), 404)


ROLES = [
    ("/boxes", None, 200),
    ("/boxes", "customer:alice", 200),
    ("/boxes", "staff", 200),
    ("/mine", None, 401),
    ("/mine", "customer:alice", 200),
    ("/mine", "staff", 200),
    ("/staff", None, 401),
    ("/staff", "customer:alice", 403),
    ("/staff", "staff", 200),
]


@pytest.mark.parametrize(("path", "token", "status"), ROLES)
def test_a_route_is_for_its_role(shelf: Shelf, path: str, token: str | None, status: int) -> None:
    answer = shelf.request("GET", path, token=token)
    if status == 200:
        assert answer.status == 200
    else:
        assert_problem(answer, status)
    assert ("WWW-Authenticate" in answer.headers) is (status == 401)


@pytest.mark.parametrize(
    ("groups", "allowed"),
    [
        ("[staff]", True),
        ("[admin]", True),
        ("[buyers staff]", True),
        ("[buyers,admin]", True),
        ("staff", True),
        ("", False),
        ("[]", False),
        ("[staffers]", False),
        ("[Staff]", False),
        ("[not-staff]", False),
    ],
)
def test_the_groups_of_a_token_decide(shelf: Shelf, groups: str, allowed: bool) -> None:
    def claim(event: dict[str, Any]) -> None:
        event["requestContext"]["authorizer"] = {"jwt": {"claims": {"sub": "alice", GROUPS: groups}}}

    assert shelf.request("GET", "/staff", change=claim).status == (200 if allowed else 403)


@pytest.mark.parametrize("how", ["unexpected", "denied", "invalid", "key"])
def test_lesson_errors_answer_500_with_the_stack_trace(shelf: Shelf, log: io.StringIO, how: str) -> None:
    """The caller learns that it failed, the log learns where; what, only of our own errors, which quote nothing."""
    answer = shelf.request("GET", f"/fails/{how}")
    assert_problem(answer, 500)
    told = answer.body + json.dumps(answer.headers)
    for clue in (SECRET, "alice", "Traceback", "Error:", ".py", "line ", "RuntimeError", "AccessDenied", "raise"):
        assert clue not in told
    assert (SECRET in log.getvalue()) == (how == "denied")
    assert "kernel/shelf.py" in log.getvalue()


def test_a_refusal_keeps_its_headers(shelf: Shelf) -> None:
    answer = shelf.request("GET", "/fails/conflict")
    assert assert_problem(answer, 409)["detail"] == "It is sealed."
    assert answer.headers["X-Own"] == "yes"


def test_an_unexpected_error_does_not_spoil_the_next_request(shelf: Shelf) -> None:
    shelf.request("GET", "/fails/unexpected", token="staff")
    assert_problem(shelf.request("GET", "/staff"), 401)


def seals(shelf: Shelf) -> int:
    return int((shelf.store.get(THINGS, Key("boxes", "a")) or {}).get("seals", 0))


def seal(shelf: Shelf, key: str | None, token: str = "customer:alice", path: str = "/boxes/a/seal") -> Any:
    return shelf.request("POST", path, token=token, headers={"Idempotency-Key": key} if key is not None else {})


def test_a_key_makes_a_command_repeatable(shelf: Shelf) -> None:
    shelf.request("POST", "/boxes", GOOD)
    answers = [seal(shelf, "k") for _ in range(3)]
    assert [answer.status for answer in answers] == [204] * 3
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers] == [None, "true", "true"]
    assert seals(shelf) == 1
    seal(shelf, None)
    seal(shelf, "k", token="customer:bob")
    assert seals(shelf) == 3


def test_a_key_belongs_to_one_request(shelf: Shelf) -> None:
    first = shelf.request("POST", "/boxes", GOOD, headers={"Idempotency-Key": "k"})
    again = shelf.request("POST", "/boxes", GOOD, headers={"Idempotency-Key": "k"})
    assert (again.status, again.json) == (first.status, first.json)
    other = shelf.request("POST", "/boxes", GOOD | {"box": "b"}, headers={"Idempotency-Key": "k"})
    assert "Idempotency-Key" in assert_problem(other, 422)["detail"]


def test_a_refused_command_can_be_repeated_with_its_key(shelf: Shelf) -> None:
    assert_problem(seal(shelf, "k"), 404)
    shelf.request("POST", "/boxes", GOOD)
    assert seal(shelf, "k").status == 204


@pytest.mark.parametrize("key", ["", "x" * 256, "with space", "ü", "\x7f", "\t"], ids=ascii)
def test_a_key_has_1_to_255_visible_characters(shelf: Shelf, key: str) -> None:
    shelf.request("POST", "/boxes", GOOD)
    assert "Idempotency-Key" in assert_problem(seal(shelf, key), 422)["detail"]
    assert seals(shelf) == 0


def test_the_log_tells_the_request_but_nothing_of_its_content(shelf: Shelf, log: io.StringIO) -> None:
    headers = {"X-Correlation-Id": "story-of-alice", "Authorization": "Bearer sesame"}
    shelf.request("POST", "/boxes?q=hidden", GOOD | {"box": "hidden"}, headers=headers)
    (line,) = map(json.loads, log.getvalue().splitlines())
    assert (line["route"], line["status"]) == ("POST /boxes", 202)
    assert (line["function"], line["correlationId"]) == ("shelf-api", "story-of-alice")
    assert "hidden" not in log.getvalue()
    assert "sesame" not in log.getvalue()


@pytest.mark.parametrize("given", ["short", "x" * 65, "with\nline break", "ümläüte!"])
def test_a_correlation_id_that_could_harm_the_log_is_replaced(shelf: Shelf, log: io.StringIO, given: str) -> None:
    shelf.request("GET", "/boxes", headers={"X-Correlation-Id": given})
    (line,) = map(json.loads, log.getvalue().splitlines())
    assert line["correlationId"] != given
    assert len(line["correlationId"]) == 36
