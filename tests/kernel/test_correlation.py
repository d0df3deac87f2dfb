"""One story, one correlation id: in the log of the request, in its events and in the logs of their consumers."""

import io
import json

import pytest

from tests.support.shop import Shop


@pytest.mark.parametrize("headers", [{}, {"X-Correlation-Id": "story-0001"}])
def test_request_events_and_logs_share_one_id(shop: Shop, log: io.StringIO, headers: dict[str, str]) -> None:
    answer = shop.request("POST", "/orders", json={"amount": 5, "currency": "EUR"}, headers=headers)
    assert answer.status == 202
    shop.drain()
    published = {envelope["detail"]["metadata"]["correlationId"] for envelope in shop.envelopes()}
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    # The ledger's line is on a whole batch, which may be of many stories.
    assert {line["correlationId"] for line in lines if line["message"] != "handling"} == published
    assert len(published) == 1
    if headers:
        assert published == {"story-0001"}


def test_a_correlation_id_that_would_spoil_the_log_is_not_taken(shop: Shop) -> None:
    for given in ("x", "y" * 65, "line\nbreak", "ümlaut-ümlaut"):
        shop.request("POST", "/orders", json={"amount": 5, "currency": "EUR"}, headers={"X-Correlation-Id": given})
    assert {envelope["detail"]["metadata"]["correlationId"] for envelope in shop.envelopes()}.isdisjoint(
        {"x", "y" * 65, "line\nbreak", "ümlaut-ümlaut"}
    )
