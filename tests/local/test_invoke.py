"""Lambda's own call, by the real boto3 client with any credentials, against a running shop."""

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session

from cartwheel.local.address import is_loopback
from tests.ledger.world import ORDER
from tests.support.running import RunningShop, running_shop

CALL = "/2015-03-31/functions/EventPublisher/invocations"
SIGNED = {"authorization": "AWS4-HMAC-SHA256 Credential=dummy/20261120/eu-west-1/lambda/aws4_request, Signature=0"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    with running_shop(tmp_path_factory.mktemp("invoked"), "--empty") as shop:
        yield shop


@pytest.fixture(scope="module")
def aws(running: RunningShop) -> Iterator[BaseClient]:
    client = Session().create_client(
        "lambda",
        endpoint_url=running.url,
        region_name="eu-west-1",
        aws_access_key_id="dummy",
        aws_secret_access_key="dummy",
        config=Config(retries={"total_max_attempts": 1}),
    )
    yield client
    client.close()


def invoke(aws: Any, payload: Any = ORDER, name: str = "EventPublisher", **more: Any) -> dict[str, Any]:
    """The answer, with its payload read."""
    answer: dict[str, Any] = aws.invoke(FunctionName=name, Payload=json.dumps(payload), **more)
    text = answer["Payload"].read()
    return answer | {"Payload": json.loads(text) if text else None}


def test_publisher_to_processor_to_query(aws: BaseClient, running: RunningShop) -> None:
    answer = invoke(aws)
    assert (answer["StatusCode"], answer["ExecutedVersion"], "FunctionError" in answer) == (200, "$LATEST", False)
    event_id = answer["Payload"]["eventId"]
    running.wait_until_settled()
    items = running.get("/events?type=order_placed&limit=100")["items"]
    (kept,) = [each for each in items if each["id"] == event_id]
    assert (kept["source"], kept["detail"]) == ("custom.myapp", {**ORDER, "status": "PLACED"})
    lines = [line for line in running.logged() if line["log"] == "OrderProcessor"]
    assert [
        line["message"] for line in lines if line.get("orderId") == "TEST-1234" and line.get("eventId") == event_id
    ] == [
        "order placed",
        "handled",
    ]


def test_bad_input_is_a_function_error_that_names_the_field(aws: BaseClient, running: RunningShop) -> None:
    before = len(running.events("order_placed"))
    answer = invoke(aws, ORDER | {"items": []})
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert answer["Payload"].keys() == {"errorType", "errorMessage"}
    assert answer["Payload"]["errorType"] == "InvalidPayload"
    assert answer["Payload"]["errorMessage"].startswith("items: ")
    assert len(running.events("order_placed")) == before


def test_without_a_payload_it_is_an_empty_object(aws: BaseClient) -> None:
    answer: Any = aws.invoke(FunctionName="EventPublisher")
    assert "orderId: Field required" in json.loads(answer["Payload"].read())["errorMessage"]


def test_the_tail_of_the_log_is_that_of_this_invocation(aws: BaseClient) -> None:
    for order_id in ("first", "second"):
        answer = invoke(aws, ORDER | {"orderId": order_id}, LogType="Tail")
        log = base64.b64decode(answer["LogResult"]).decode()
        (line,) = [json.loads(each) for each in log.splitlines()]
        assert (line["message"], line["orderId"]) == ("published", order_id)
        assert line["requestId"] == answer["ResponseMetadata"]["RequestId"]


def test_an_event_invocation_is_done_when_it_is_answered(aws: BaseClient, running: RunningShop) -> None:
    before = len(running.events("order_placed"))
    assert invoke(aws, InvocationType="Event")["StatusCode"] == 202
    assert len(running.events("order_placed")) == before + 1


def test_a_dry_run_does_nothing(aws: BaseClient, running: RunningShop) -> None:
    before = len(running.events("order_placed"))
    assert invoke(aws, InvocationType="DryRun")["StatusCode"] == 204
    assert len(running.events("order_placed")) == before


@pytest.mark.parametrize(
    "name", ["EventPublisher:$LATEST", "arn:aws:lambda:eu-west-1:123456789012:function:EventPublisher"]
)
def test_a_function_may_be_named_in_full(aws: BaseClient, name: str) -> None:
    assert "eventId" in invoke(aws, name=name)["Payload"]


@pytest.mark.parametrize("name", ["Nobody", "OrderProcessor", "catalog-api", "ordering-deadlines"])
def test_no_other_function_can_be_invoked(aws: BaseClient, name: str) -> None:
    with pytest.raises(ClientError) as refused:
        invoke(aws, name=name)
    error = refused.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("ResourceNotFoundException", 404)
    assert "EventPublisher" in error["Error"]["Message"]


def test_other_calls_are_not_answered(aws: Any) -> None:
    with pytest.raises(ClientError) as refused:
        aws.list_functions()
    assert refused.value.response["Error"]["Code"] == "UnknownOperationException"


def test_many_at_once_each_hear_of_their_own(aws: BaseClient, running: RunningShop) -> None:
    names = [f"crowd-{number}" for number in range(60)]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda name: invoke(aws, ORDER | {"orderId": name}), names))
    published = {event["id"]: event["detail"]["orderId"] for event in running.events("order_placed")}
    assert [published[answer["Payload"]["eventId"]] for answer in answers] == names


def test_what_was_answered_survives_the_power_cut(tmp_path: Path) -> None:
    with running_shop(tmp_path, "--empty") as shop:
        answers = [post(shop, json.dumps(ORDER).encode(), **SIGNED).json() for _ in range(5)]
        shop.kill()
        shop.start()
        shop.wait_until_settled()
        kept = shop.get("/events?type=order_placed")["items"]
        assert [event["id"] for event in kept] == [answer["eventId"] for answer in answers]


def post(running: RunningShop, body: bytes, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{running.url}{CALL}", content=body, headers=named, trust_env=False)


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000, b"'a'"])
def test_what_is_no_json_is_refused(running: RunningShop, body: bytes) -> None:
    answer = post(running, body, **SIGNED)
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (400, "InvalidRequestContentException")


def test_an_unknown_invocation_type_is_refused(running: RunningShop) -> None:
    answer = post(running, b"{}", x_amz_invocation_type="Later", **SIGNED)
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (400, "InvalidParameterValueException")


def test_a_page_of_another_site_cannot_invoke(running: RunningShop) -> None:
    """A browser sends plain text anywhere, but no Authorization header unless it is allowed to."""
    answer = post(running, json.dumps(ORDER).encode(), content_type="text/plain", origin="https://evil.example")
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (403, "MissingAuthenticationTokenException")


@pytest.mark.parametrize("name", ["evil.example", "shop.example:443", "localhost.evil.example", "10.0.0.1", "", "[::1"])
def test_who_asks_for_another_name_than_this_machines_cannot_invoke(running: RunningShop, name: str) -> None:
    """A page whose own name was made to lead here, or whoever comes through a proxy."""
    answer = post(running, json.dumps(ORDER).encode(), host=name, **SIGNED)
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")


@pytest.mark.parametrize("name", ["localhost", "localhost:8000", "127.0.0.1", "[::1]:8000"])
def test_this_machine_has_several_names(running: RunningShop, name: str) -> None:
    assert post(running, json.dumps(ORDER).encode(), host=name, **SIGNED).status_code == 200


def test_a_customer_may_not_invoke(running: RunningShop) -> None:
    signer = running.signer
    for token, code in (
        (signer.token("ann", [], 60), "AccessDeniedException"),
        ("nonsense", "UnrecognizedClientException"),
    ):
        answer = post(running, b"{}", authorization=f"Bearer {token}")
        assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (403, code)


def test_beyond_loopback_a_staff_token_is_needed(tmp_path: Path) -> None:
    with running_shop(tmp_path, "--empty", "--host", "0.0.0.0") as shop:
        refused = post(shop, json.dumps(ORDER).encode(), **SIGNED)
        assert (refused.status_code, refused.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
        assert "cartwheel invoke" in refused.json()["message"]
        token = shop.signer.token("staff", ["staff"], 60)
        taken = post(shop, json.dumps(ORDER).encode(), authorization=f"Bearer {token}")
        assert (taken.status_code, "eventId" in taken.json()) == (200, True)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("192.168.1.2", False),
        ("localhost.evil.example", False),
    ],
)
def test_which_addresses_only_this_machine_reaches(host: str, local: bool) -> None:
    assert is_loopback(host) is local
