"""The faults of others that concern orders. Each test turns red when its fault is put in."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from cartwheel.basket.events import CheckedOutLine
from cartwheel.kernel.ids import sealed_id
from cartwheel.kernel.store import ConditionFailed, Put, Store, StoreError, Write
from cartwheel.ordering import store as orders_table
from cartwheel.ordering.events import OrderCancelled, OrderPlaced
from tests.ordering import orders
from tests.support.shop import Shop
from tests.support.store import Wrapped


class Interposed(Wrapped):
    """A store that lets a test see, or act, right before each transaction."""

    def __init__(self, store: Store, before: Callable[[Sequence[Write]], None]) -> None:
        super().__init__(store)
        self._before = before

    def transact(self, writes: Sequence[Write]) -> None:
        self._before(writes)
        super().transact(writes)


def test_lesson_success_is_reported_before_the_writes_are_done(shop: Shop) -> None:
    def fail(_: Sequence[Write]) -> None:
        raise StoreError("the disk is full")

    event = orders.checkout(shop)
    message, sound = orders.envelope(event), shop.store
    shop.store = Interposed(sound, fail)
    with pytest.raises(AssertionError, match="the disk is full"):
        shop.deliver("ordering-placement", message)
    shop.store = sound
    shop.deliver("ordering-placement", message)
    assert orders.show(shop, event.order_id)["status"] == "PLACED"


def test_lesson_accepted_before_it_is_stored(shop: Shop) -> None:
    def fail(_: Sequence[Write]) -> None:
        raise StoreError("the disk is full")

    shop.store = Interposed(shop.store, fail)
    answer = shop.request("POST", "/orders", json={"amount": 1, "currency": "EUR"})
    assert answer.status == 500
    assert "disk" not in answer.body


def test_lesson_key_made_at_delivery_time(shop: Shop) -> None:
    event = orders.checkout(shop, customer_id="alice")
    for message in [orders.envelope(event)] * 2 + [orders.envelope(event)]:
        shop.deliver("ordering-placement", message)
    listed = shop.request("GET", "/orders", token="customer:alice").json["items"]
    assert [order["orderId"] for order in listed] == [event.order_id]
    assert len(shop.events(OrderPlaced)) == 1


def test_lesson_put_without_condition(shop: Shop) -> None:
    written: list[Write] = []
    shop.store = Interposed(shop.store, written.extend)
    orders.fulfil(shop)
    orders.hear(shop, orders.declined(orders.check_out(shop)))
    puts = [write for write in written if write.key.pk.startswith("ORDER#")]
    assert len(puts) >= 7
    assert all(isinstance(put, Put) and put.condition for put in puts)


def test_lesson_id_from_the_client_overwrites_an_order(shop: Shop) -> None:
    victim = orders.confirm(shop)
    before = orders.item(shop, victim)
    for field in ("orderId", "id", "PK"):
        answer = shop.request("POST", "/orders", json={"amount": 1, "currency": "EUR", field: victim})
        assert answer.status == 422
    assert shop.request("PUT", f"/orders/{victim}", json={"amount": 1, "currency": "EUR"}).status in (404, 405)
    shop.deliver("ordering-placement", orders.envelope(orders.checkout(shop, order_id=victim)))
    order = orders_table.find(shop.store, victim)
    assert order is not None
    with pytest.raises(ConditionFailed):
        shop.store.transact([orders_table.create(order)])
    assert orders.item(shop, victim) == before


@pytest.mark.parametrize("late", [orders.reserved, orders.authorised, orders.released, orders.declined])
def test_lesson_late_event_overwrites_a_later_state(shop: Shop, late: orders.Report) -> None:
    order_id = orders.fulfil(shop)
    before = orders.item(shop, order_id)
    orders.hear(shop, late(order_id))
    shop.deliver("ordering-placement", orders.submitted(shop, order_id))
    assert orders.item(shop, order_id) == before


def test_lesson_status_update_without_a_condition(shop: Shop) -> None:
    """Staff cancel between the consumer's read and its write: the consumer must decide again, on what is true then."""
    order_id = orders.reserve(shop)
    sound = shop.store

    def cancel_first(_: Sequence[Write]) -> None:
        shop.store = sound
        assert shop.request("POST", f"/orders/{order_id}/cancel", token="staff").status == 200

    once = [cancel_first]
    shop.store = Interposed(sound, lambda writes: once.pop()(writes) if once else None)
    orders.hear(shop, orders.authorised(order_id))
    assert orders.statuses(shop, order_id) == ["PENDING", "PLACED", "RESERVED", "CANCELLED"]
    assert len(shop.events(OrderCancelled)) == 1


def test_lesson_any_signed_in_user_may_cancel_or_ship_any_order(shop: Shop) -> None:
    alices, guests = orders.confirm(shop, token="customer:alice"), orders.confirm(shop)

    def answer(order_id: str, command: str, token: str | None) -> int:
        return shop.request("POST", f"/orders/{order_id}/{command}", token=token).status

    assert answer(alices, "cancel", "customer:bob") == 404
    assert answer(guests, "cancel", "customer:bob") == 403
    for order_id in (alices, guests):
        assert answer(order_id, "cancel", None) == 401
        for command in ("fulfil", "refund"):
            assert answer(order_id, command, "customer:alice") == 403
            assert answer(order_id, command, None) == 401
        assert orders.show(shop, order_id)["status"] == "CONFIRMED"


def test_lesson_list_returns_everybodys_data(shop: Shop) -> None:
    orders.submit(shop, token="customer:alice")
    orders.submit(shop)
    assert shop.request("GET", "/orders", token="customer:bob").json["items"] == []
    assert shop.request("GET", "/orders?customer=alice", token="customer:bob").status == 403
    assert shop.request("GET", "/orders").status == 401


def test_lesson_list_of_another_by_cursor(shop: Shop) -> None:
    for _ in range(2):
        orders.submit(shop, token="customer:alice")
    cursor = shop.request("GET", "/orders?limit=1", token="customer:alice").json["next"]
    assert shop.request("GET", f"/orders?cursor={cursor}", token="customer:bob").status == 422


def test_lesson_get_after_202_is_404(shop: Shop) -> None:
    order_id = orders.submit(shop)
    assert shop.request("GET", f"/orders/{order_id}").status == 200
    checked_out = sealed_id(shop.settings.seal_key)  # the answer of a checkout whose event is still on its way
    answer = shop.request("GET", f"/orders/{checked_out}")
    assert (answer.status, answer.json) == (200, {"orderId": checked_out, "status": "PENDING"})


def test_lesson_total_ignores_the_quantity(shop: Shop) -> None:
    line = CheckedOutLine(sku="mug", name="Mug", quantity=5, unit_price=1999)
    assert orders.show(shop, orders.check_out(shop, lines=[line, line]))["amount"] == 199.9
    assert [placed.payment.amount for placed in shop.events(OrderPlaced)] == [19990]


@pytest.mark.parametrize(("quantity", "unit_price"), [(0, 1999), (-1, 1999), (1, -1999)])
def test_lesson_negative_quantity_passes(shop: Shop, quantity: int, unit_price: int) -> None:
    lines = [CheckedOutLine(sku="mug", name="Mug", quantity=quantity, unit_price=unit_price)]
    event = orders.checkout(shop, lines=lines)
    with pytest.raises(AssertionError, match="ValidationError"):
        shop.deliver("ordering-placement", orders.envelope(event))
    assert orders.show(shop, event.order_id)["status"] == "PENDING"


def test_lesson_one_bad_message_fails_the_whole_batch(shop: Shop) -> None:
    events = [orders.checkout(shop) for _ in range(9)]
    bodies: list[Any] = [orders.envelope(event) for event in events]
    answer = orders.batch(shop, "ordering-placement", [*bodies[:4], {"detail-type": "nonsense"}, *bodies[4:]])
    assert answer == ["4"]
    assert {orders.show(shop, event.order_id)["status"] for event in events} == {"PLACED"}


def test_lesson_shopper_is_blocked_by_an_abandoned_order(shop: Shop) -> None:
    """What nobody finishes is cancelled by itself, which gives its stock back."""
    order_id = orders.reserve(shop)
    orders.let_pass(shop, order_id)
    shop.run_schedule("ordering-deadlines")
    assert [event.order_id for event in shop.events(OrderCancelled)] == [order_id]


def test_lesson_personal_data_in_logs_or_problems(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    order_id = orders.fulfil(shop, email="a@example.com", paymentToken="tok-7", token="customer:alice")
    refused = shop.request("POST", f"/orders/{order_id}/cancel", token="staff")
    invalid = shop.request("POST", "/orders", json={"amount": 0, "currency": "EUR", "email": "a@example.com"})
    message = orders.envelope(orders.checkout(shop, email="a@example.com", payment_token="tok-7"))
    message["detail"]["data"] = {name: message["detail"]["data"][name] for name in ("email", "paymentToken")}
    with pytest.raises(AssertionError) as failure:
        shop.deliver("ordering-placement", message)
    logged = "".join(f"{vars(record)}{record.exc_info}" for record in caplog.records)
    written = f"{logged}{refused.body}{invalid.body}{failure.value}"
    assert order_id in logged
    assert "Unreadable" in logged
    assert "a@example.com" not in written
    assert "tok-7" not in written
