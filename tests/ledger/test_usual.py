"""The present quarter of an hour is held against what is usual, if there is enough to go by."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from cartwheel.kernel import metrics
from cartwheel.kernel.clock import now
from cartwheel.kernel.envelope import Cause, Envelope
from cartwheel.kernel.events import Event
from cartwheel.kernel.ids import new_id, sealed_id
from cartwheel.ledger import store
from cartwheel.ordering.events import OrderPlaced, PaymentInstruction
from cartwheel.payment.events import PaymentAuthorised, PaymentDeclined
from tests.support.shop import Shop

WEEK = timedelta(weeks=1)
INSIDE = timedelta(minutes=12)


@pytest.fixture(autouse=True)
def nothing_left_over() -> Iterator[None]:
    metrics.take()
    yield
    metrics.take()


def placed(order_id: str = "") -> OrderPlaced:
    return OrderPlaced(order_id=order_id or new_id(), lines=[], payment=PaymentInstruction(amount=1, currency="EUR"))


def authorised() -> PaymentAuthorised:
    return PaymentAuthorised(order_id=new_id(), amount=1, currency="EUR")


def declined() -> PaymentDeclined:
    return PaymentDeclined(order_id=new_id(), reason="no")


def happened(shop: Shop, event: Any, times: int, ago: timedelta) -> None:
    for _ in range(times):
        made: Event = event()
        moment = now() - ago
        shop.store.transact([store.add(Envelope.of(made, Cause(new_id(), new_id()), moment))])


def found(shop: Shop) -> dict[str, float]:
    shop.run_schedule("ledger-pace")
    return {name: value for (name, _, _), (value,) in metrics.take().items()}


def test_a_new_shop_has_no_usual(shop: Shop) -> None:
    happened(shop, placed, 40, INSIDE)
    assert found(shop) == {}


def test_orders_are_held_against_the_median_of_four_weeks(shop: Shop) -> None:
    for week, orders in enumerate([10, 40, 0, 40, 500 // 10], start=0):
        happened(shop, placed, orders, INSIDE + week * WEEK)
    assert found(shop) == {"OrdersOfUsual": 25.0}


def test_none_at_all_is_told_where_many_are_usual(shop: Shop) -> None:
    for week in range(1, 5):
        happened(shop, placed, 30, INSIDE + week * WEEK)
    assert found(shop) == {"OrdersOfUsual": 0.0}


def test_the_shops_own_trials_are_no_orders(shop: Shop) -> None:
    for week in range(1, 5):
        happened(shop, placed, 30, INSIDE + week * WEEK)
    happened(shop, lambda: placed(sealed_id("key", synthetic=True)), 30, INSIDE)
    assert found(shop) == {"OrdersOfUsual": 0.0}


def test_of_few_orders_nothing_is_told(shop: Shop) -> None:
    for week in range(1, 5):
        happened(shop, placed, 29, INSIDE + week * WEEK)
    assert found(shop) == {}


def test_the_last_minutes_and_other_quarters_do_not_count(shop: Shop) -> None:
    for week in range(1, 5):
        happened(shop, placed, 30, INSIDE + week * WEEK)
        happened(shop, placed, 5, timedelta(minutes=21) + week * WEEK)
    happened(shop, placed, 15, INSIDE)
    happened(shop, placed, 7, timedelta(minutes=4))
    assert found(shop) == {"OrdersOfUsual": 50.0}


@pytest.mark.parametrize(("now_declined", "points"), [(30, 40.0), (6, 0.0), (0, 0.0)])
def test_declines_are_told_in_points_above_the_usual_share(shop: Shop, now_declined: int, points: float) -> None:
    for week in (1, 2):
        happened(shop, authorised, 45, INSIDE + week * WEEK)
        happened(shop, declined, 5, INSIDE + week * WEEK)
    happened(shop, authorised, 60 - now_declined, INSIDE)
    happened(shop, declined, now_declined, INSIDE)
    assert found(shop) == {"DeclinesAboveUsual": points}
