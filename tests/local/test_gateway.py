"""A request becomes the event that API Gateway would hand over, and every failure a problem document."""

import asyncio
import base64
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cartwheel.kernel.environment import Environment, install
from cartwheel.kernel.errors import Busy, InternalError, TimedOut
from cartwheel.kernel.openapi import document
from cartwheel.kernel.router import Router
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.topology import App, Function, Slice, Table, access
from cartwheel.local.execution import Context
from cartwheel.local.gateway import Gateway, HttpAnswer, HttpRequest
from cartwheel.local.identity import Signer
from tests.contract.adapters import sqlite_store
from tests.kernel.shelf import handle

API = Function("shelf-api", "tests.kernel.shelf:handle", access("get", "put", "query", "update"), timedelta(seconds=5))
DOCUMENT = document(App((Slice("things", Table("things"), api=API),)))
GOOD = b'{"box": "a", "price": 9.99}'
REQUEST = HttpRequest("GET", "/boxes", "", {}, b"")


def call_the_shelf(event: dict[str, Any]) -> Any:
    return handle(event, Context("shelf-api", event["requestContext"]["requestId"], time.monotonic() + 5))


@dataclass
class FakePool:
    """Takes the place of the processes: the function is called here."""

    function: Callable[[dict[str, Any]], Any] = call_the_shelf
    events: list[dict[str, Any]] = field(default_factory=list)

    async def invoke(self, event: dict[str, Any], request_id: str) -> Any:
        assert event["requestContext"]["requestId"] == request_id
        self.events.append(json.loads(json.dumps(event)))
        return self.function(event)


@dataclass
class World:
    """A gateway in front of one function."""

    signer: Signer
    pool: FakePool = field(default_factory=FakePool)
    overloaded: bool = False
    accepted: int = 0

    def _accept(self) -> None:
        self.accepted += 1

    def ask(self, request: HttpRequest) -> HttpAnswer:
        pools: Any = {"shelf-api": self.pool}
        gateway = Gateway(Router(DOCUMENT), self.signer, pools, lambda: self.overloaded, self._accept, lambda *_: None)
        return asyncio.run(gateway.answer(replace(request, headers=dict(request.headers))))

    def event(self, request: HttpRequest) -> dict[str, Any]:
        """The event that the request becomes."""
        self.ask(request)
        return self.pool.events[-1]

    def bearer(self, *groups: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.signer.token('alice', list(groups), 60)}"}


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer(tmp_path_factory.mktemp("signer"))


@pytest.fixture
def world(signer: Signer, folder: Path) -> Iterator[World]:
    with sqlite_store(folder) as store:
        install(Environment("shelf-api", store, Settings()))
        yield World(signer)


def problem(answer: HttpAnswer) -> dict[str, Any]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Request-Id"]
    told: dict[str, Any] = json.loads(answer.body)
    assert told["status"] == answer.status
    return told


def test_a_request_goes_through_to_the_function_and_back(world: World) -> None:
    answer = world.ask(HttpRequest("POST", "/boxes", "", {"content-type": "application/json"}, GOOD))
    assert (answer.status, json.loads(answer.body)) == (202, {"box": "a", "price": 9.99})
    assert answer.headers["X-Request-Id"] == world.pool.events[0]["requestContext"]["requestId"]
    listed = json.loads(world.ask(REQUEST).body)
    assert [item["box"] for item in listed["items"]] == ["a"]


def test_the_form_of_the_event(world: World) -> None:
    headers = {"user-agent": "test/1", "x-own": "a,b", "content-type": "application/json"}
    request = HttpRequest("POST", "/boxes/5/seal", "x=1", headers | world.bearer(), b"{}", source_ip="10.0.0.1")
    event = world.event(request)
    context = event["requestContext"]
    assert (event["version"], event["routeKey"], context["routeKey"]) == ("2.0", *["POST /boxes/{box_id}/seal"] * 2)
    assert (event["rawPath"], event["rawQueryString"]) == ("/boxes/5/seal", "x=1")
    assert event["pathParameters"] == {"box_id": "5"}
    assert event["headers"].items() >= headers.items()
    assert (event["body"], event["isBase64Encoded"]) == ("{}", False)
    assert context["http"] == {
        "method": "POST",
        "path": "/boxes/5/seal",
        "protocol": "HTTP/1.1",
        "sourceIp": "10.0.0.1",
        "userAgent": "test/1",
    }
    assert context["stage"] == "$default"
    assert abs(context["timeEpoch"] - time.time() * 1000) < 5000


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("", {}),
        ("limit=5", {"limit": "5"}),
        ("tag=a&tag=b&limit=5&tag=c", {"tag": "a,b,c", "limit": "5"}),
        ("q=", {"q": ""}),
        ("q", {"q": ""}),
        ("q=a%20b+c%26d", {"q": "a b c&d"}),
        ("q=%C3%BC", {"q": "ü"}),
        ("q=%FF", {"q": "\ufffd"}),
        ("q=a=b", {"q": "a=b"}),
        ("&&", {}),
    ],
)
def test_query_parameters(world: World, query: str, parameters: dict[str, str]) -> None:
    event = world.event(replace(REQUEST, query=query))
    assert (event["queryStringParameters"], event["rawQueryString"]) == (parameters, query)


def test_a_body_that_is_no_text_travels_as_base64(world: World) -> None:
    binary = b'{"box": "\xff\xfe"}'
    request = HttpRequest("POST", "/boxes", "", {"content-type": "application/json"}, binary)
    event = world.event(request)
    assert (base64.b64decode(event["body"]), event["isBase64Encoded"]) == (binary, True)
    assert problem(world.ask(request))["status"] == 400


def test_no_body_is_none(world: World) -> None:
    event = world.event(REQUEST)
    assert (event["body"], event["isBase64Encoded"]) == (None, False)


def test_verified_claims_are_handed_over_and_nobody_can_bring_their_own(world: World) -> None:
    event = world.event(replace(REQUEST, headers=world.bearer("staff", "buyers")))
    claims = event["requestContext"]["authorizer"]["jwt"]["claims"]
    assert (claims["sub"], claims["cognito:groups"]) == ("alice", "[staff buyers]")
    assert all(isinstance(value, str) for value in claims.values())
    assert "authorizer" not in world.event(REQUEST)["requestContext"]


@pytest.mark.parametrize(
    ("path", "groups", "status"),
    [
        ("/boxes", None, 200),
        ("/boxes", [], 200),
        ("/mine", None, 401),
        ("/mine", [], 200),
        ("/staff", None, 401),
        ("/staff", [], 403),
        ("/staff", ["staff"], 200),
    ],
)
def test_a_route_is_for_its_role(world: World, path: str, groups: list[str] | None, status: int) -> None:
    headers = {} if groups is None else world.bearer(*groups)
    answer = world.ask(replace(REQUEST, path=path, headers=headers))
    assert answer.status == status
    if status == 401:
        assert problem(answer)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert world.pool.events == []


@pytest.mark.parametrize("authorization", ["Bearer", "Bearer ", "Bearer x", "bearer a.b.c", "BEARER  x "])
def test_a_bad_token_is_refused_even_where_none_is_needed(world: World, authorization: str) -> None:
    answer = world.ask(replace(REQUEST, headers={"authorization": authorization}))
    assert problem(answer)["status"] == 401
    assert "invalid_token" in answer.headers["WWW-Authenticate"]
    assert world.pool.events == []


def test_another_scheme_is_no_token(world: World) -> None:
    for authorization in ("Basic YWxpY2U6eA==", "", "Bearerx"):
        headers = {"authorization": authorization}
        assert world.ask(replace(REQUEST, headers=headers)).status == 200
        assert problem(world.ask(replace(REQUEST, path="/mine", headers=headers)))["status"] == 401


def test_unknown_paths_and_methods(world: World) -> None:
    assert problem(world.ask(replace(REQUEST, path="/nowhere")))["status"] == 404
    answer = world.ask(replace(REQUEST, method="DELETE"))
    assert problem(answer)["status"] == 405
    assert answer.headers["Allow"] == "GET, POST"


def test_beyond_what_it_can_settle_the_shop_takes_no_more_orders(world: World) -> None:
    """Reading goes on, and so does what staff does to get things going again."""
    world.overloaded = True
    post = HttpRequest("POST", "/boxes", "", {"content-type": "application/json"}, GOOD)
    answer = world.ask(post)
    assert problem(answer)["status"] == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert world.pool.events == []
    assert world.ask(REQUEST).status == 200
    world.overloaded = False
    assert world.accepted == 0
    assert world.ask(post).status == 202
    assert world.accepted == 1


@pytest.mark.parametrize("failure", [Busy("later"), TimedOut("too slow"), InternalError("it died")], ids=repr)
def test_what_happens_to_the_function_is_a_problem(world: World, failure: Exception) -> None:
    def fails(event: dict[str, Any]) -> None:
        raise failure

    world.pool.function = fails
    assert problem(world.ask(REQUEST))["status"] == failure.status  # type: ignore[attr-defined]


def test_an_answer_may_be_binary(world: World) -> None:
    picture = b"\x89PNG\xff"
    world.pool.function = lambda event: {
        "statusCode": 200,
        "headers": {"Content-Type": "image/png"},
        "body": base64.b64encode(picture).decode(),
        "isBase64Encoded": True,
    }
    answer = world.ask(REQUEST)
    assert (answer.body, answer.headers["Content-Type"]) == (picture, "image/png")


def test_an_answer_may_be_short(world: World) -> None:
    world.pool.function = lambda event: {"statusCode": "204", "headers": {"X-Number": 5}}
    answer = world.ask(REQUEST)
    assert (answer.status, answer.body, answer.headers["X-Number"]) == (204, b"", "5")


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "text",
        5,
        [],
        {},
        {"body": "x"},
        {"statusCode": 200, "body": 5},
        {"statusCode": 200, "body": {"not": "text"}},
        {"statusCode": 200, "headers": "x"},
        {"statusCode": 200, "body": "x", "isBase64Encoded": True},
        {"statusCode": 200, "body": "é", "isBase64Encoded": True},
        {"statusCode": "ok"},
        {"statusCode": 99},
        {"statusCode": 200, "headers": ["x"]},
        {"statusCode": 200, "body": "\ud800"},
    ],
    ids=repr,
)
def test_an_answer_of_another_form_is_a_problem(world: World, answer: Any) -> None:
    world.pool.function = lambda event: answer
    told = problem(world.ask(REQUEST))
    assert told["status"] == 500
    assert "payload 2.0" in told["detail"]
