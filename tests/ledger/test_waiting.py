"""What an order waits for, until when, and what is open: worked out from events, lines and messages."""

from typing import Any

import pytest

from cartwheel.kernel.journal import Delivery, Held
from cartwheel.kernel.settings import Settings
from cartwheel.ledger.deliveries import Open, of_lines, of_queues
from cartwheel.ledger.model import Recorded
from cartwheel.ledger.timeline import summary
from cartwheel.ledger.waiting import standing

from .lines import at, failed, handled

SETTINGS = Settings(stock_deadline=10, payment_deadline=20, fulfilment_deadline=30)
LOST = "its cancellation"


def events(*types: str) -> list[Recorded]:
    """One a second."""
    return [
        Recorded(event_id=name, source="cartwheel.shop", detail_type=name, time=at(n), detail="{}")
        for n, name in enumerate(types, 1)
    ]


@pytest.mark.parametrize(
    ("types", "told"),
    [
        ("", "PENDING, waits for its first event to be kept (ledger-events), without a deadline"),
        ("CheckoutBasket", "PENDING, waits for its placement (ordering-placement), without a deadline"),
        ("OrderSubmitted", f"PENDING, waits for its placement (ordering-placement), until {at(11)}; stock_timeout"),
        ("OrderPlaced", f"PLACED, waits for its stock (inventory-events), until {at(11)}; stock_timeout"),
        (
            "OrderSubmitted OrderPlaced",
            f"PLACED, waits for its stock (inventory-events), until {at(12)}; stock_timeout",
        ),
        ("OrderPlaced StockRejected", f"PLACED, waits for {LOST} (ordering-events), until {at(11)}; stock_timeout"),
        (
            "OrderPlaced StockReserved",
            f"RESERVED, waits for its payment (payment-events), until {at(22)}; payment_timeout",
        ),
        (
            "OrderPlaced StockReserved PaymentDeclined",
            f"RESERVED, waits for {LOST} (ordering-events), until {at(22)}; payment_timeout",
        ),
        (
            "OrderPlaced PaymentAuthorised StockReserved",
            f"RESERVED, waits for its confirmation (ordering-events), until {at(23)}; payment_timeout",
        ),
        (
            "OrderPlaced StockReserved OrderConfirmed",
            f"CONFIRMED, waits for staff to send it, until {at(33)}; fulfilment_timeout",
        ),
        (
            "OrderConfirmed OrderFulfilled",
            "FULFILLED, waits for its payment to be captured (payment-events), without a deadline",
        ),
        ("OrderFulfilled PaymentCaptured", "FULFILLED, waits for nothing"),
        ("PaymentCaptured OrderFulfilled", "FULFILLED, waits for nothing"),
        (
            "OrderFulfilled PaymentCaptured OrderRefunded",
            "REFUNDED, waits for its money to be given back (payment-events), without a deadline",
        ),
        ("OrderFulfilled PaymentCaptured OrderRefunded PaymentRefunded", "REFUNDED, waits for nothing"),
        ("OrderSubmitted OrderCancelled", "CANCELLED, waits for nothing"),
        ("OrderPlaced StockRejected OrderCancelled", "CANCELLED, waits for nothing"),
        ("StockReserved PaymentDeclined OrderCancelled StockReleased", "CANCELLED, waits for nothing"),
        (
            "StockReserved PaymentDeclined OrderCancelled",
            "CANCELLED, waits for its stock to be released (inventory-events), without a deadline",
        ),
        (
            "StockReserved PaymentAuthorised OrderCancelled StockReleased",
            "CANCELLED, waits for its payment to be let go (payment-events), without a deadline",
        ),
        ("StockReserved PaymentAuthorised OrderCancelled StockReleased PaymentVoided", "CANCELLED, waits for nothing"),
        ("OrderFulfilled OrderPlaced OrderConfirmed StockReserved PaymentCaptured", "FULFILLED, waits for nothing"),
    ],
)
def test_what_an_order_waits_for(types: str, told: str) -> None:
    said = summary(standing(events(*types.split()), [], SETTINGS))
    assert said.replace("then it is cancelled: ", "") == told


def test_what_ordering_has_not_heard_of_has_not_moved_the_order() -> None:
    unheard = Open(function="ordering-events", event="StockReserved", attempts=2, at=at(3), error="no")
    found = standing(events("OrderPlaced", "StockReserved"), [unheard], SETTINGS)
    assert found.waits_for
    assert (found.status, found.waits_for.until) == ("PLACED", at(11))


def test_a_second_delivery_of_an_event_moves_no_deadline() -> None:
    found = standing([*events("OrderPlaced"), *events("Other", "OrderPlaced")], [], SETTINGS)
    assert found.waits_for
    assert found.waits_for.until == at(11)


def test_a_failed_delivery_is_open_until_it_comes_again() -> None:
    (found,) = of_lines([failed(1, 1), failed(2, 2), failed(4, 3)])
    assert (found.function, found.event, found.attempts) == ("inventory-events", "OrderPlaced", 3)
    assert (found.at, found.next_at, found.dead) == (at(4), at(8), False)
    assert "LookupError: no shelf" in found.text
    assert at(8) in found.text


def test_after_the_last_attempt_it_is_dead_and_the_remedy_is_named() -> None:
    (found,) = of_lines([failed(n, n) for n in range(1, 6)])
    assert (found.dead, found.next_at) == (True, None)
    assert "`cartwheel dead-letters redrive --queue inventory-events`" in found.text


@pytest.mark.parametrize("order", [[0, 1], [1, 0]], ids=["mended", "delivered twice"])
def test_what_had_its_effect_is_not_open(order: list[int]) -> None:
    lines = [failed(1, 1), handled(2, "inventory-events", "placed", "OrderPlaced", 2)]
    assert of_lines([lines[number] for number in order]) == []


def test_one_event_is_open_for_one_function_and_not_for_another() -> None:
    (found,) = of_lines([failed(1, 1), handled(2, "ordering-events", "placed", "OrderPlaced")])
    assert found.function == "inventory-events"


def test_a_message_that_cannot_be_read_is_nobodys() -> None:
    line: dict[str, Any] = failed(1, 1)
    del line["eventId"]
    assert of_lines([line]) == []


def test_queues_say_what_they_hold() -> None:
    past = (Delivery(at(2), "ask alice@example.com"),)
    waiting = Held("a", "1", "E", at(1), 0, None, at(1))
    under_way = Held("b", "2", "E", at(1), 1, None, at(9), None, past)
    failing = Held("c", "3", "E", at(1), 1, "ask alice@example.com", at(5), None, past)
    dead = Held("d", "4", "E", at(1), 5, "ask alice@example.com", None, 17, past)
    found = of_queues([waiting, under_way, failing, dead])
    assert [each.text for each in found] == [
        f"E waits for a since {at(1)}",
        f"E is with b since {at(2)}, attempt 1",
        f"c failed with E at {at(2)}, attempt 1 (ask …); it comes again at {at(5)}",
        f"E is a dead letter of d since {at(2)} (ask …): "
        "mend what it died of, then `cartwheel dead-letters redrive 17`",
    ]
