"""Slices see one and the same event, whether API Gateway or the embedded host's gateway made it."""

import base64
import copy
import json
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartwheel.aws import payload
from cartwheel.kernel.answer_headers import SECURITY, TLS_ONLY
from cartwheel.kernel.errors import Conflict
from cartwheel.kernel.request_limits import BODY_BYTES
from cartwheel.kernel.router import Target
from cartwheel.local.gateway import HttpRequest, _event

# The form that the API Gateway developer guide shows for payload format 2.0, with values of a checkout.
SAMPLE: dict[str, Any] = {
    "version": "2.0",
    "routeKey": "POST /baskets/{basket_id}/checkout",
    "rawPath": "/baskets/01a1fa68/checkout",
    "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
    "cookies": ["cookie1=a", "cookie2=b"],
    "headers": {
        "accept": "application/json",
        "content-length": "2",
        "content-type": "application/json",
        "host": "a1b2c3.execute-api.eu-central-1.amazonaws.com",
        "idempotency-key": "k-1",
        "user-agent": "curl/8.5",
        "x-amzn-trace-id": "Root=1-65a1b2c3-0123456789abcdef01234567",
        "x-forwarded-for": "192.0.2.1",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
        "x-own": "value1,value2",
    },
    "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "value"},
    "requestContext": {
        "accountId": "123456789012",
        "apiId": "a1b2c3",
        "authorizer": {
            "jwt": {"claims": {"sub": "alice", "cognito:groups": "[staff admin]", "exp": "1700000000"}, "scopes": None}
        },
        "domainName": "a1b2c3.execute-api.eu-central-1.amazonaws.com",
        "domainPrefix": "a1b2c3",
        "http": {
            "method": "POST",
            "path": "/baskets/01a1fa68/checkout",
            "protocol": "HTTP/1.1",
            "sourceIp": "192.0.2.1",
            "userAgent": "curl/8.5",
        },
        "requestId": "JKJaXmPLvHcESHA=",
        "routeKey": "POST /baskets/{basket_id}/checkout",
        "stage": "$default",
        "time": "12/Mar/2026:19:03:58 +0000",
        "timeEpoch": 1773342238000,
    },
    "body": "{}",
    "pathParameters": {"basket_id": "01a1fa68"},
    "isBase64Encoded": False,
}
# What a slice may use of an event. Time, the gateway's own names and what only it knows differ.
SEEN = ("version", "routeKey", "rawPath", "rawQueryString", "queryStringParameters", "pathParameters")


def sample(without: tuple[str, ...] = (), **changes: Any) -> dict[str, Any]:
    event = copy.deepcopy(SAMPLE) | changes
    return {name: value for name, value in event.items() if name not in without}


def embedded(event: dict[str, Any], headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """The embedded host's event for the same request."""
    context = event["requestContext"]
    request = HttpRequest("POST", event["rawPath"], event["rawQueryString"], headers, body, "192.0.2.1")
    claims = context["authorizer"]["jwt"]["claims"]
    target = Target("basket-api", "open", event["routeKey"], BODY_BYTES)
    return _event(request, target, event["pathParameters"], claims, context["requestId"])


def test_the_sample_is_what_the_embedded_host_would_give() -> None:
    headers = SAMPLE["headers"] | {"cookie": "cookie1=a; cookie2=b"}
    ours, theirs = payload.request(sample()), embedded(SAMPLE, headers, b"{}")
    for name in (*SEEN, "headers", "body", "isBase64Encoded"):
        assert ours[name] == theirs[name], name
    for name in ("authorizer", "requestId", "routeKey", "stage", "http"):
        assert ours["requestContext"][name] == theirs["requestContext"][name], name
    assert theirs.keys() <= ours.keys()


def test_the_given_event_is_left_as_it_is() -> None:
    event = sample(headers={"Content-Type": "a"})
    before = copy.deepcopy(event)
    payload.request(event)
    assert event == before


def test_what_is_empty_is_there_all_the_same() -> None:
    bare = payload.request(
        sample(
            without=("cookies", "queryStringParameters", "pathParameters", "body", "isBase64Encoded"), rawQueryString=""
        )
    )
    assert (bare["queryStringParameters"], bare["pathParameters"], bare["body"]) == ({}, {}, None)
    assert bare["isBase64Encoded"] is False
    assert "cookie" not in bare["headers"]
    assert payload.request(sample(body=""))["body"] is None
    assert payload.request(sample(without=("headers",), headers=None))["headers"].keys() <= {"cookie"}


@pytest.mark.parametrize(
    "content", [b"a=1&b=2", b'{"box": "\xc3\xbc"}', b"", b"\x00", b"\xff\xfe", b"sku,name\n"], ids=repr
)
def test_a_body_is_text_where_it_can_be(content: bytes) -> None:
    """API Gateway encodes by content type: a CSV file, or what `curl -d` sends, comes in base64."""
    event = sample(body=base64.b64encode(content).decode(), isBase64Encoded=True)
    ours, theirs = payload.request(event), embedded(SAMPLE, {}, content)
    assert (ours["body"], ours["isBase64Encoded"]) == (theirs["body"], theirs["isBase64Encoded"])


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_stays_itself(text: str) -> None:
    for event in (
        sample(body=text),
        sample(body=base64.b64encode(text.encode()).decode(), isBase64Encoded=True),
    ):
        assert (payload.request(event)["body"] or "") == text


def test_header_names_are_in_lower_case_and_never_lose_a_value() -> None:
    headers = payload.request(sample(headers={"X-Own": "1", "Authorization": "Bearer x", "x-own": "2"}))["headers"]
    assert headers == {"x-own": "1,2", "authorization": "Bearer x", "cookie": "cookie1=a; cookie2=b"}


@pytest.mark.parametrize(
    ("stage", "path", "expected"),
    [
        ("$default", "/products", "/products"),
        ("dev", "/dev/products", "/products"),
        ("dev", "/dev", "/"),
        ("dev", "/dev/", "/"),
        ("dev", "/dev/dev/products", "/dev/products"),
        ("dev", "/products", "/products"),
        ("dev", "/developers", "/developers"),
    ],
)
def test_a_stage_is_no_part_of_the_path(stage: str, path: str, expected: str) -> None:
    event = sample(rawPath=path)
    event["requestContext"]["stage"] = stage
    context = payload.request(event)["requestContext"]
    assert payload.request(event)["rawPath"] == context["http"]["path"] == expected
    assert context["stage"] == "$default", "or Powertools would cut the path again"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_path_was_decoded_once_and_is_not_decoded_again(segment: str) -> None:
    sent = f"/orders/{quote(segment, safe='')}"
    assert payload.request(sample(rawPath=unquote(sent)))["rawPath"] == f"/orders/{segment}"


@pytest.mark.parametrize("query", ["", "a=1", "a=1&a=2&b=%C3%BC+%2B", "a", "a=", "a=&a=1", "%", "a=%zz", "=x"])
def test_the_query_is_read_as_on_the_embedded_host(query: str) -> None:
    event = sample(rawQueryString=query, queryStringParameters={"whatever": "API Gateway says"})
    theirs = embedded(sample(rawQueryString=query), {}, b"")
    assert payload.request(event)["queryStringParameters"] == theirs["queryStringParameters"]


def test_an_answer_bears_the_id_of_its_request() -> None:
    answer = payload.signed(payload.problem(Conflict("It is sealed.", headers={"X-Own": "yes"})), SAMPLE)
    assert answer["headers"] == {
        **SECURITY,
        **TLS_ONLY,
        "Content-Type": "application/problem+json",
        "X-Own": "yes",
        "X-Request-Id": "JKJaXmPLvHcESHA=",
    }
    assert (answer["statusCode"], json.loads(answer["body"])["detail"]) == (409, "It is sealed.")
    bare = payload.signed({"statusCode": 204, "headers": None}, SAMPLE)["headers"]
    assert bare.keys() == {*SECURITY, *TLS_ONLY, "X-Request-Id"}
    own = payload.signed({"statusCode": 200, "headers": {"Cache-Control": "max-age=60"}}, SAMPLE)["headers"]
    assert own["Cache-Control"] == "max-age=60"
