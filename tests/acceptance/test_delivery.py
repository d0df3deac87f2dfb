"""Events and messages that come twice, are broken, or were left behind."""

import json
import time
from datetime import timedelta
from typing import Any

import pytest

from cartwheel.app import APP
from cartwheel.basket.events import CheckedOutLine, CheckoutBasket
from cartwheel.kernel.clock import now
from cartwheel.kernel.events import Cause, Envelope, Event
from cartwheel.kernel.ids import new_id
from cartwheel.notification.events import MessageQueued
from cartwheel.ordering.events import OrderConfirmed

from .hosts import MESSAGES, id_of, row_of
from .shop import Shop
from .sown import QUEUES, Sown

pytestmark = [pytest.mark.slow, pytest.mark.needs(MESSAGES)]


def _envelope(event: Event) -> dict[str, Any]:
    """As its slice would have stored it, with our id and time inside as well."""
    envelope = Envelope.of(event, Cause(new_id(), new_id())).to_dict()
    envelope["detail"]["metadata"] |= {"id": envelope["id"], "time": envelope["time"]}
    return envelope


def _checkout(shop: Shop, sku: str) -> CheckoutBasket:
    line = CheckedOutLine(sku=sku, name="Thing", quantity=2, unit_price=500)
    return CheckoutBasket(
        basket_id=new_id(), order_id=new_id(), lines=[line], currency="EUR", email="twice@example.com"
    )


@pytest.mark.parametrize("way", ["bus", "queue"])
def test_delivered_twice_done_once(shop: Shop, way: str) -> None:
    """The same checkout three times: twice as the same event, once more as another one."""
    event = _checkout(shop, sku := shop.sku(f"twice-{way}"))
    twice, other = _envelope(event), _envelope(event)
    for envelope in (twice, twice, other):
        _deliver(shop, way, envelope)
    shop.until(lambda: shop.host.http.get(f"/orders/{event.order_id}").status_code == 200)
    assert shop.settled(event.order_id)["amount"] == 10
    shop.until(lambda: shop.stock(sku) == (8, 0))
    shop.is_told(event.order_id, "confirmed")


def _deliver(shop: Shop, way: str, envelope: dict[str, Any]) -> None:
    if way == "bus":
        shop.host.publish(envelope)
    else:
        shop.host.send("ordering-placement", json.dumps(envelope))


def test_a_mail_that_is_sent_is_not_sent_again(shop: Shop) -> None:
    order_id = new_id()
    confirmed = _confirmed(order_id)
    shop.host.publish(confirmed)
    shop.is_told(order_id, "confirmed")
    queued = _envelope(MessageQueued(message_id=f"{order_id}.confirmed", order_id=order_id))
    shop.host.publish(queued)
    shop.host.send("notification-events", json.dumps(confirmed))
    time.sleep(2)
    assert shop.mails(order_id) == ["confirmed"]


def _confirmed(order_id: str) -> dict[str, Any]:
    """An order of nobody: all that happens is a mail."""
    return _envelope(OrderConfirmed(order_id=order_id, amount=100, currency="EUR", email="nobody@example.com"))


def test_a_good_message_beside_a_bad_one_is_done(shop: Shop) -> None:
    order_id, bad = new_id(), f"not JSON {new_id()}"
    shop.host.send("notification-events", bad)
    shop.host.send("notification-events", json.dumps(_confirmed(order_id)))
    shop.is_told(order_id, "confirmed")
    assert bad not in shop.host.dead_letters("notification-events")  # it has tries left


def test_the_sweeper_sends_what_the_relay_left_behind(shop: Shop) -> None:
    """In each table a row that its stream does not tell of, as after a relay that failed for good, and old enough."""
    left = {part.name: new_id() for part in APP.slices if part.emits}
    for part, order_id in left.items():
        key, row_id = f"LEFT#{order_id}", id_of(now() - timedelta(minutes=10))
        row = row_of(_confirmed(order_id), part, PK=key, SK=key, outboxId=row_id)
        shop.host.leave_behind(part, row)
    for part, order_id in left.items():
        shop.is_told(order_id, "confirmed", run=f"{part}-relay")


@pytest.mark.ripe
@pytest.mark.parametrize("queue", QUEUES)
def test_poison_goes_to_the_dead_letters_after_five_receives(shop: Shop, sown: Sown, queue: str) -> None:
    shop.until(lambda: any(sown.poison in body for body in shop.host.dead_letters(queue)), 90)
