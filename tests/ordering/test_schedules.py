"""Deadlines: what waits too long is cancelled, what moved on is left alone."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from cartwheel.kernel.clock import now
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.store import Put
from cartwheel.ordering import schedules, store
from cartwheel.ordering.events import OrderCancelled
from tests.ordering import orders
from tests.support.shop import Shop


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (orders.submit, "stock_timeout"),
        (orders.place, "stock_timeout"),
        (orders.reserve, "payment_timeout"),
        (orders.confirm, "fulfilment_timeout"),
    ],
)
def test_order_past_its_deadline_is_cancelled(shop: Shop, make: Callable[[Shop], str], reason: str) -> None:
    order_id = make(shop)
    assert shop.run_schedule("ordering-deadlines") == 0
    orders.let_pass(shop, order_id)
    assert shop.run_schedule("ordering-deadlines") == 1
    assert orders.show(shop, order_id)["reason"] == reason
    assert [event.reason for event in shop.events(OrderCancelled)] == [reason]
    assert shop.run_schedule("ordering-deadlines") == 0


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path, Settings(stock_deadline=3600, payment_deadline=60, fulfilment_deadline=86400))
    yield shop
    shop.close()


@pytest.mark.parametrize(
    ("make", "seconds"), [(orders.submit, 3600), (orders.place, 3600), (orders.reserve, 60), (orders.confirm, 86400)]
)
def test_each_step_has_the_deadline_of_the_settings(hasty: Shop, make: Callable[[Shop], str], seconds: float) -> None:
    order_id = make(hasty)
    due = now() + timedelta(seconds=seconds)
    assert list(store.overdue(hasty.store, due - timedelta(seconds=20), 100)) == []
    assert list(store.overdue(hasty.store, due + timedelta(seconds=1), 100)) == [order_id]


@pytest.mark.parametrize("make", [orders.fulfil, lambda shop: cancelled(shop)])
def test_final_order_has_no_deadline(shop: Shop, make: Callable[[Shop], str]) -> None:
    item = orders.item(shop, make(shop))
    assert not {"deadline", "deadlineShard", "deadlineKey"} & item.keys()


def cancelled(shop: Shop) -> str:
    order_id = orders.place(shop)
    assert shop.request("POST", f"/orders/{order_id}/cancel", token="staff").status == 200
    return order_id


def test_order_that_moved_on_meanwhile_is_left_alone(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index lags behind: it still shows the order as waiting."""
    order_id = orders.confirm(shop)
    monkeypatch.setattr(store, "overdue", lambda *_: [order_id])
    assert shop.run_schedule("ordering-deadlines") == 0
    assert orders.show(shop, order_id)["status"] == "CONFIRMED"


def test_a_run_is_bounded_and_the_next_goes_on(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedules, "MOST", 4)
    waiting = [orders.submit(shop) for _ in range(12)]
    for order_id in waiting:
        orders.let_pass(shop, order_id)
    runs: list[int] = []
    while not runs or runs[-1]:
        runs.append(shop.run_schedule("ordering-deadlines"))
    assert max(runs) <= 4
    assert sum(runs) == 12
    assert {orders.show(shop, order_id)["status"] for order_id in waiting} == {"CANCELLED"}


def test_one_order_that_cannot_be_read_stands_in_nobodys_way(shop: Shop) -> None:
    order_id = orders.submit(shop)
    broken = {"PK": "ORDER#x", "SK": "ORDER#x", "orderId": "x", "deadlineKey": orders.LONG_AGO, "version": 1}
    shards = [{**broken, "PK": f"{n}", "SK": f"{n}", "deadlineShard": f"DEADLINE#{n}"} for n in range(4)]
    shop.store.transact([Put("ordering", item) for item in shards])
    orders.let_pass(shop, order_id)
    with pytest.raises(ExceptionGroup, match="could not be cancelled"):
        shop.run_schedule("ordering-deadlines")
    assert orders.show(shop, order_id)["status"] == "CANCELLED"
