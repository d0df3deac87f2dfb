"""What the shop does is counted of its events: each once, whatever is delivered again, and nothing that is none."""

from collections.abc import Iterator
from typing import Any

import pytest

from cartwheel.kernel import metrics
from cartwheel.kernel.envelope import Cause, Envelope
from cartwheel.kernel.events import Event
from cartwheel.kernel.ids import new_id
from cartwheel.ledger import metrics as business
from cartwheel.ordering.events import OrderCancelled, OrderConfirmed
from cartwheel.payment.events import PaymentCaptured, PaymentDeclined, PaymentRefunded
from tests.support.shop import Shop


@pytest.fixture(autouse=True)
def nothing_left_over() -> Iterator[None]:
    metrics.take()
    yield
    metrics.take()


def ours(event: Event) -> dict[str, Any]:
    return Envelope.of(event, Cause(new_id(), new_id())).to_dict()


def counted() -> dict[tuple[str, str], Any]:
    """What was recorded, by metric and dimension, without the ledger's own deliveries."""
    found = {
        (name, "".join(value for _, value in dimensions)): values[0] if len(values) == 1 else values
        for (name, _, dimensions), values in metrics.take().items()
    }
    found.pop(("DeliveryAttempts", ""), None)
    return found


def captured(amount: int = 1250, currency: str = "EUR") -> PaymentCaptured:
    return PaymentCaptured(order_id=new_id(), amount=amount, currency=currency)


def test_states_outcomes_and_money_are_told_apart(shop: Shop) -> None:
    order = new_id()
    for event in (
        OrderConfirmed(order_id=order, amount=1250, currency="EUR"),
        OrderCancelled(order_id=order, reason="by_shop", amount=1250, currency="EUR"),
        PaymentDeclined(order_id=order, reason="no"),
        captured(),
        captured(500, "JPY"),
        PaymentRefunded(order_id=order, amount=5, currency="BHD"),
    ):
        shop.deliver("ledger-events", ours(event))
    assert counted() == {
        ("Orders", "confirmed"): 1,
        ("Orders", "cancelled"): 1,
        ("Payments", "declined"): 1,
        ("Revenue", "EUR"): 12.5,
        ("Revenue", "JPY"): 500.0,
        ("Refunds", "BHD"): 0.005,
    }


def test_a_second_delivery_is_not_counted(shop: Shop) -> None:
    event = ours(captured())
    for _ in range(3):
        shop.deliver("ledger-events", event)
    assert counted() == {("Revenue", "EUR"): 12.5}


@pytest.mark.parametrize(
    "data", [None, [], {}, {"amount": 1}, {"amount": "1", "currency": "EUR"}, {"amount": True, "currency": "EUR"}]
)
def test_what_names_no_money_is_kept_and_not_counted(shop: Shop, data: Any) -> None:
    event = ours(captured())
    event["detail"]["data"] = data
    shop.deliver("ledger-events", event)
    assert counted() == {}


@pytest.mark.parametrize("currency", ["XXX", "anna@cartwheel.example", 7, ["EUR"]])
def test_a_dimension_is_never_what_others_please(shop: Shop, currency: Any) -> None:
    event = ours(captured())
    event["detail"]["data"]["currency"] = currency
    shop.deliver("ledger-events", event)
    assert counted() == {}


def test_an_event_of_others_with_the_same_name_is_not_ours(shop: Shop) -> None:
    shop.deliver("ledger-events", ours(captured()) | {"source": "somebody.else"})
    assert counted() == {}


def test_each_event_is_counted_under_one_metric_whose_dimensions_it_fills() -> None:
    assert len({each.event_type for each in business.COUNTED}) == len(business.COUNTED)
    for each in business.COUNTED:
        assert tuple(each.dimensions) + (("Currency",) if each.money else ()) == each.metric.dimensions
        if each.money:
            assert {"amount", "currency"} <= each.event_type.model_fields.keys()
