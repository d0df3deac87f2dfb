"""The API keeps its own contract: whatever is sent, the answer is one that `/openapi.json` promises."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings

from cartwheel.app import APP
from cartwheel.kernel.openapi import document
from tests.support.running import RunningShop, running_shop

pytestmark = pytest.mark.slow

CONFIG = schemathesis.Config.from_dict(
    {
        "generation": {
            "deterministic": True,
            "database": "none",
            "allow-extra-parameters": False,
            "with-security-parameters": False,
        },
        # A schema cannot say all: whose cursor it is, how many digits a currency has.
        # Nor that a caller has just been erased. Where a parameter is too long, the URL may be.
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ["2xx", 401, 403, 404, 409, 410, 422]},
            "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 409, 410, 414, 415, 422]},
        },
        # What is no method of the import may be one of the product whose id is `import`.
        "operations": [
            {"include-path": "/products/import", "checks": {"allow_header_conformance": {"enabled": False}}}
        ],
        "phases": {"coverage": {"enabled": True}, "fuzzing": {"enabled": True}},
    }
)
API = schemathesis.openapi.from_dict(document(APP), config=CONFIG)
OPEN = API.include(func=lambda context: "security" not in context.operation.definition.raw)

bounded = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    with running_shop(tmp_path_factory.mktemp("contract")) as shop:
        yield shop


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@API.parametrize()
@bounded
def test_every_answer_to_staff_is_a_documented_one(
    case: schemathesis.Case[Any], shop: RunningShop, session: requests.Session
) -> None:
    case.call_and_validate(base_url=shop.url, session=session, headers=shop.staff)


@OPEN.parametrize()
@bounded
def test_every_answer_to_a_guest_is_a_documented_one(
    case: schemathesis.Case[Any], shop: RunningShop, session: requests.Session
) -> None:
    case.call_and_validate(base_url=shop.url, session=session)
