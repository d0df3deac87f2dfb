"""What belongs to no slice is answered as on the embedded host."""

import json
from pathlib import Path
from typing import Any

import pytest

from cartwheel.app import APP
from cartwheel.aws.deployment import Deployment
from cartwheel.aws.pages import DOCUMENT, PAGE, make
from cartwheel.kernel.openapi import document

from .test_payload import sample
from .world import CONTEXT

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
