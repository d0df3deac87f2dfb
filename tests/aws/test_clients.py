"""The clients that the adapters share."""

from collections.abc import Iterator

import pytest

from cartwheel.aws import clients
from cartwheel.kernel.topology import Function, access
from tests.support.ministack import KEYS


@pytest.fixture(autouse=True)
def afresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No client of another test, nor one for another."""
    for name, text in KEYS.items():
        monkeypatch.setenv(name, text)
    clients.client.cache_clear()
    clients.session.cache_clear()
    yield
    clients.client.cache_clear()
    clients.session.cache_clear()


def test_a_client_is_made_once() -> None:
    assert clients.client("dynamodb") is clients.client("dynamodb")


@pytest.mark.parametrize("service", clients.SERVICES)
def test_the_endpoint_is_what_the_environment_says(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1234")
    assert clients.client(service).meta.endpoint_url == "http://127.0.0.1:1234"


def test_without_an_endpoint_it_is_aws_over_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert clients.client("dynamodb").meta.endpoint_url == "https://dynamodb.eu-west-1.amazonaws.com"


def test_a_client_gives_up_before_its_function_is_stopped() -> None:
    config = clients.client("dynamodb").meta.config
    attempts = config.retries["total_max_attempts"]
    timeout = Function("any", "none:none", access()).timeout.total_seconds()
    assert attempts > 1
    assert attempts * (config.connect_timeout + config.read_timeout) < timeout
