"""What belongs to no slice is answered as on the embedded host."""

import json
from pathlib import Path
from typing import Any

import pytest

from cartwheel.app import APP
from cartwheel.aws import clients
from cartwheel.aws.deployment import Deployment
from cartwheel.aws.pages import DOCUMENT, PAGE, make
from cartwheel.kernel.openapi import document

from .test_payload import sample
from .world import CONTEXT, Service, refusal

CONTRACT = json.dumps(document(APP))
Answer = dict[str, Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / DOCUMENT).write_text(CONTRACT)
    (tmp_path / PAGE).write_text("<html>ü</html>")
    return tmp_path


def ask(folder: Path, method: str, path: str, query: str = "") -> Answer:
    event = sample(without=("cookies", "body"), rawPath=path, rawQueryString=query, routeKey="$default")
    event["requestContext"]["http"] |= {"method": method, "path": path}
    event["requestContext"].pop("authorizer")
    answer: Answer = make(Deployment(function="pages"), folder)(event, CONTEXT)
    assert answer["headers"]["X-Request-Id"]
    return answer


def test_it_is_healthy(folder: Path) -> None:
    answer = ask(folder, "GET", "/health")
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"status": "ok"})


STAFF = {"sub": "sam", "cognito:groups": "[staff]"}


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Service:
    service = Service({"get_item": lambda **_: {}})
    monkeypatch.setattr(clients, "impatient", {"dynamodb": service}.__getitem__)
    return service


def deep(folder: Path, claims: dict[str, str] | None, times: int = 1) -> list[Answer]:
    event = sample(without=("cookies", "body"), rawPath="/health/deep", rawQueryString="", routeKey="GET /health/deep")
    event["requestContext"]["http"] |= {"method": "GET", "path": "/health/deep"}
    event["requestContext"]["authorizer"] = {"jwt": {"claims": claims, "scopes": None}} if claims else {}
    handle = make(Deployment(function="pages", table_name="orders"), folder)
    return [handle(event, CONTEXT) for _ in range(times)]


def test_with_depth_it_reads_once_in_two_seconds(folder: Path, dynamodb: Service) -> None:
    first, second = deep(folder, STAFF, times=2)
    assert (first["statusCode"], first["body"]) == (200, second["body"])
    told = json.loads(first["body"])
    assert (told["status"], [part["part"] for part in told["parts"]]) == ("ok", ["storage"])
    assert [asked["TableName"] for asked in dynamodb.requests("get_item")] == ["orders"]


def test_a_table_that_does_not_answer_is_failing(folder: Path, dynamodb: Service) -> None:
    def get_item(**_: Any) -> None:
        raise refusal("ProvisionedThroughputExceededException", "ann@example.com")

    dynamodb.answers["get_item"] = get_item
    (answer,) = deep(folder, STAFF)
    assert (answer["statusCode"], json.loads(answer["body"])["status"]) == (503, "failing")
    assert "ann@example.com" not in answer["body"]


@pytest.mark.parametrize(("claims", "status"), [(None, 401), ({"sub": "ann"}, 403)])
def test_strangers_are_told_nothing_and_cause_no_read(
    folder: Path, dynamodb: Service, claims: dict[str, str] | None, status: int
) -> None:
    assert problem(deep(folder, claims)[0])["status"] == status
    assert dynamodb.asked == []


def test_it_gives_up_within_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    clients.impatient.cache_clear()
    config = clients.impatient("dynamodb").meta.config
    assert config.connect_timeout + config.read_timeout <= 2
    assert config.retries["total_max_attempts"] == 1


def test_the_way_in_leads_to_the_docs(folder: Path) -> None:
    answer = ask(folder, "GET", "/")
    assert (answer["statusCode"], answer["headers"]["Location"]) == (307, "/docs")


def test_the_document_and_its_page(folder: Path) -> None:
    page = ask(folder, "GET", "/docs")
    assert (page["headers"]["Content-Type"], page["body"]) == ("text/html; charset=utf-8", "<html>ü</html>")
    for path, query in (("/openapi.json", ""), ("/docs", "format=json")):
        answer = ask(folder, "GET", path, query)
        assert (answer["headers"]["Content-Type"], answer["body"]) == ("application/json", CONTRACT)
    assert ask(folder, "HEAD", "/docs")["statusCode"] == 200


def problem(answer: Answer) -> dict[str, Any]:
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = json.loads(answer["body"])
    assert told["status"] == answer["statusCode"]
    return told


@pytest.mark.parametrize("path", ["/nowhere", "/products/1/2/3/4", "//", "/health/x", "/ünï"])
def test_what_is_not_there(folder: Path, path: str) -> None:
    assert problem(ask(folder, "GET", path))["status"] == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("PATCH", "/products", "GET, POST"), ("HEAD", "/orders", "GET, POST"), ("DELETE", "/orders/1", "GET")],
)
def test_what_takes_another_method(folder: Path, method: str, path: str, allowed: str) -> None:
    answer = ask(folder, method, path)
    assert problem(answer)["status"] == 405
    assert answer["headers"]["Allow"] == allowed


@pytest.mark.parametrize("path", ["/", "/health", "/openapi.json", "/docs"])
def test_its_own_pages_are_only_read(folder: Path, path: str) -> None:
    """As the embedded host has it: they are in no contract, so another method finds nothing there."""
    assert problem(ask(folder, "POST", path))["status"] == 404


def test_a_route_that_api_gateway_did_not_take_for_one_is_none(folder: Path) -> None:
    assert problem(ask(folder, "GET", "/products/"))["status"] == 404


def test_a_bundle_without_its_document_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"openapi\.json"):
        make(Deployment(function="pages"), tmp_path)
