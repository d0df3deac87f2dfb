"""What a dead letter tells of itself, and which letters died of the same."""

import json

import pytest

from cartwheel.kernel.letters import MOST, Told, cause_of, reason_of, told_by

EVENT = {
    "id": "1",
    "source": "cartwheel.ordering",
    "detail-type": "OrderPlaced",
    "time": "2026-11-20T10:00:00Z",
    "detail": {
        "metadata": {"subject": "a-basket", "correlationId": "a-story", "time": "2026-11-20T09:00:00Z"},
        "data": {"orderId": "an-order"},
    },
}


def test_an_event_of_ours_tells_all() -> None:
    told = Told("OrderPlaced", "a-basket", "an-order", "a-story", "2026-11-20T09:00:00Z", "1")
    assert told_by(json.dumps(EVENT)) == told


def test_a_foreign_event_tells_what_it_has() -> None:
    event = {"detail-type": "order_placed", "time": "2026-11-20T10:00:00Z", "detail": {"orderId": "TEST-1234"}}
    assert told_by(json.dumps(event)) == Told("order_placed", None, "TEST-1234", None, "2026-11-20T10:00:00Z")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "null",
        "[]",
        '"text"',
        "[" * 5000,
        "\x00",
        '{"detail": []}',
        '{"detail": {"metadata": 1, "data": null}}',
        '{"detail-type": 7, "time": {}}',
        '{"detail-type": "", "detail": {"metadata": {"subject": ["x"]}}}',
    ],
    ids=lambda body: ascii(body[:12]),
)
def test_a_malformed_message_tells_nothing(body: str) -> None:
    assert told_by(body) == Told()


def test_what_is_told_is_short() -> None:
    assert told_by(json.dumps({"detail-type": "x" * 9999})) == Told("x" * MOST)
    assert len(reason_of("x" * 9999)) == MOST


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("ProviderTimeout: no answer in time", "ProviderTimeout: no answer in time"),
        ("NotYet: payment of 01a1fa62-cf2a-70fd-9882-f85b1af91516", "NotYet: payment of …"),
        ("count timed out after 10 s", "count timed out after … s"),
        ("ValidationError in lines.0.quantity, lines.12.sku", "ValidationError in …, …"),
        ("Boom: SKU strap-7 of 12.50 EUR.", "Boom: SKU … of … EUR."),
        ("Refused: ann@example.com is unknown", "Refused: … is unknown"),
        ("KeyError: 'order_id'", "KeyError: 'order_id'"),
    ],
)
def test_a_reason_is_the_error_without_what_differs(error: str, reason: str) -> None:
    assert reason_of(error) == reason


def test_a_cause_is_queue_type_and_reason() -> None:
    causes = [
        cause_of("a", "T", "r"),
        cause_of("b", "T", "r"),
        cause_of("a", "U", "r"),
        cause_of("a", None, "r"),
        cause_of("a", "T", "s"),
        cause_of("aT", "", "r"),
    ]
    assert len(set(causes)) == len(causes)
    assert cause_of("payment-events", "StockReserved", "ProviderTimeout") == "9669c3fb"  # people have written it down
