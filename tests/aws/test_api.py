"""A slice's API behind API Gateway answers as it does behind the embedded host's gateway."""

import io
import json
from typing import Any

import pytest

from cartwheel.aws.api import make
from cartwheel.aws.deployment import Deployment, IncompleteDeployment
from tests.kernel import shelf

from .issuer import CLIENT, ISSUER, jwks, key_server, token
from .test_payload import sample
from .world import CONTEXT, Clients

GOOD = {"box": "a", "price": 9.99}
Answer = dict[str, Any]


def deployment(**changes: Any) -> Deployment:
    given = {"handler": "tests.kernel.shelf:handle", "issuer": ISSUER, "audience": CLIENT}
    return Deployment(**{"function": "shelf-api", **given, **changes})


class Api:
    """The deployed function; `ask` sends a request through API Gateway's form of it."""

    def __init__(self, **changes: Any) -> None:
        self.handle = make(deployment(**changes))

    def ask(
        self, method: str, path: str, document: Any = None, claims: dict[str, str] | None = None, **headers: str
    ) -> Answer:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        event = sample(
            without=("cookies", "pathParameters", "queryStringParameters") + (() if document else ("body",)),
            rawPath=path,
            rawQueryString="",
            headers={"content-type": "application/json"} | given,
            body=json.dumps(document),
        )
        event["requestContext"]["http"] |= {"method": method, "path": path}
        event["requestContext"].pop("authorizer")
        if claims:
            event["requestContext"]["authorizer"] = {"jwt": {"claims": claims, "scopes": None}}
        answer: Answer = self.handle(event, CONTEXT)
        assert answer["headers"]["X-Request-Id"] == "JKJaXmPLvHcESHA="
        return answer


@pytest.fixture
def api(clients: Clients) -> Api:
    return Api()


def problem(answer: Answer) -> dict[str, Any]:
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = json.loads(answer["body"])
    assert told["status"] == answer["statusCode"]
    return told


def test_a_request_is_answered(api: Api) -> None:
    answer = api.ask("POST", "/boxes", GOOD)
    assert (answer["statusCode"], json.loads(answer["body"])) == (202, GOOD)
    listed = api.ask("GET", "/boxes")
    assert [box["box"] for box in json.loads(listed["body"])["items"]] == ["a"]


def test_the_key_of_a_command_works(api: Api) -> None:
    first, again = (api.ask("POST", "/boxes", GOOD, idempotency_key="k") for _ in range(2))
    assert again["body"] == first["body"]
    assert again["headers"]["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    ("path", "claims", "status"),
    [
        ("/boxes", None, 200),
        ("/mine", None, 401),
        ("/mine", {"sub": "alice"}, 200),
        ("/staff", {"sub": "alice"}, 403),
        ("/staff", {"sub": "alice", "cognito:groups": "[buyers]"}, 403),
        ("/staff", {"sub": "alice", "cognito:groups": "[staff buyers]"}, 200),
    ],
)
def test_the_claims_of_the_authorizer_decide(api: Api, path: str, claims: dict[str, str] | None, status: int) -> None:
    assert api.ask("GET", path, claims=claims)["statusCode"] == status


def test_a_token_on_an_open_route_is_verified(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with key_server(jwks("one")) as (url, asked):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        for scheme in ("Bearer", "bearer", "BEARER "):
            answer = api.ask("GET", "/mine", Authorization=f"{scheme} {token()}")
            assert json.loads(answer["body"]) == {"box": "alice"}
        assert api.ask("GET", "/staff", Authorization=f"Bearer {token()}")["statusCode"] == 200
        assert len(asked) == 1
        refused = api.ask("GET", "/boxes", Authorization=f"Bearer {token('two', kid='one')}")
        assert problem(refused)["status"] == 401
        assert refused["headers"]["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("authorization", ["Bearer", "Bearer ", "Bearer x", "bearer a.b.c", "BEARER  x "])
def test_a_bad_token_is_refused_even_where_none_is_needed(api: Api, authorization: str) -> None:
    answer = api.ask("POST", "/boxes", GOOD, Authorization=authorization)
    assert problem(answer)["status"] == 401
    assert "invalid_token" in answer["headers"]["WWW-Authenticate"]
    assert json.loads(api.ask("GET", "/boxes")["body"])["items"] == []


@pytest.mark.parametrize("authorization", ["Basic YWxpY2U6eA==", "", "Bearerx"])
def test_another_scheme_is_no_token(api: Api, authorization: str) -> None:
    assert api.ask("GET", "/boxes", Authorization=authorization)["statusCode"] == 200


def test_what_the_authorizer_verified_is_not_verified_again(api: Api) -> None:
    answer = api.ask("GET", "/mine", claims={"sub": "alice"}, Authorization="Bearer of.api.gateway")
    assert json.loads(answer["body"]) == {"box": "alice"}


def test_while_keys_cannot_be_had_a_token_has_to_wait(
    api: Api, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    answer = api.ask("GET", "/boxes", Authorization=f"Bearer {token()}")
    assert problem(answer)["status"] == 503
    assert int(answer["headers"]["Retry-After"]) > 0
    assert "cannot be fetched" in log.getvalue()
    assert token() not in log.getvalue()
    assert api.ask("GET", "/boxes")["statusCode"] == 200


def fails(event: dict[str, Any], context: Any) -> None:
    raise RuntimeError(shelf.SECRET)


def test_lesson_errors_answer_500_with_the_stack_trace(clients: Clients, log: io.StringIO) -> None:
    """Even where the slice's own code for errors fails, the caller gets a problem, and the log the place."""
    answer = Api(handler="tests.aws.test_api:fails").ask("GET", "/boxes")
    assert problem(answer)["status"] == 500
    for clue in ("RuntimeError", "aws/test_api.py"):
        assert clue not in json.dumps(answer)
        assert clue in log.getvalue()
    assert shelf.SECRET not in json.dumps(answer) + log.getvalue()


@pytest.mark.parametrize("how", ["unexpected", "denied", "invalid", "key"])
def test_a_failing_route_leaks_nothing(api: Api, how: str) -> None:
    answer = api.ask("GET", f"/fails/{how}")
    assert problem(answer)["status"] == 500
    assert shelf.SECRET not in json.dumps(answer)


@pytest.mark.parametrize("name", ["issuer", "audience"])
def test_without_its_issuer_it_does_not_start(clients: Clients, name: str) -> None:
    with pytest.raises(IncompleteDeployment, match=name.upper()):
        make(deployment(**{name: ""}))


def test_a_log_line_tells_whether_it_was_a_cold_start(
    api: Api, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cartwheel.kernel.telemetry._first", [])
    for request_id in ("first", "second"):
        monkeypatch.setattr(CONTEXT, "aws_request_id", request_id)
        api.ask("GET", "/boxes")
    assert [json.loads(line)["cold_start"] for line in log.getvalue().splitlines()] == [True, False]
