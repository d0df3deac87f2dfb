"""What consumers say they need of each event is what they read: no less, as every test watches, and no more.

One story has every event handled, in each of the ways that differ in what is read.
"""

import importlib
from typing import Any

import pytest

from cartwheel.app import APP
from cartwheel.inventory.events import StockReleased
from cartwheel.kernel.events import Cause, Envelope
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.inbox import Inbox, Reaction
from cartwheel.kernel.topology import Consumer
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.notification.events import MessageQueued
from cartwheel.ordering.events import CancelReason, OrderCancelled
from tests.basket import goods
from tests.catalog.files import export, row, send
from tests.support import needs
from tests.support.shop import Shop

CAUSE = Cause("1", "1")


def reactions(consumer: Consumer) -> list[Reaction]:
    module, _, attribute = consumer.function.handler.partition(":")
    inbox: Inbox = getattr(importlib.import_module(module), attribute).inbox
    return inbox.reactions


REACTIONS = [(consumer.name, reaction) for consumer in APP.consumers for reaction in reactions(consumer)]


def buy(shop: Shop, token: str) -> str:
    bought = goods.check_out(shop, goods.basket(shop, mug=1), paymentToken=token, email="a@example.com")
    order_id: str = bought.json["orderId"]
    shop.drain()
    return order_id


def staff(shop: Shop, method: str, path: str, body: Any = None) -> Any:
    answer = shop.request(method, path, body, token="staff")
    assert answer.status < 300, answer
    return answer


@pytest.fixture
def story(shop: Shop) -> None:
    """Goods are imported, bought, sent, given back, sold out and withdrawn; payments fail; an order is cancelled."""
    needs.READ.clear()
    send(shop, export(row(SKU="mug", Name="Mug", Regular_price="8.50", Stock=4)))
    shop.drain()
    sent = buy(shop, "tok_approve")
    for step in ("fulfil", "refund"):
        staff(shop, "POST", f"/orders/{sent}/{step}")
        shop.drain()
    buy(shop, "tok_decline")
    staff(shop, "PUT", "/stock/mug", {"quantity": 0})
    buy(shop, "tok_approve")
    shop.request("POST", "/orders", {"amount": 5, "currency": "EUR"})
    shop.publish(OrderCancelled(order_id=new_id(), reason=CancelReason.BY_SHOP, amount=1, currency="EUR"))
    shop.publish(StockReleased(order_id=sent, reason="expired"))
    shop.publish(MessageQueued(message_id="m", order_id=new_id()))
    (product,) = shop.request("GET", "/products").json["items"]
    staff(shop, "DELETE", f"/products/{product['productId']}")
    shop.drain()


def test_consumers_read_all_that_they_need(story: None) -> None:
    read = {(name, _named(each)): needs.READ[each] for name, each in REACTIONS}
    assert read == {(name, _named(each)): set(each.needs) for name, each in REACTIONS}


def _named(reaction: Reaction) -> str:
    return reaction.event_type.detail_type()


def test_there_are_consumers() -> None:
    assert len(REACTIONS) >= 20


def test_reading_more_fails(shop: Shop) -> None:
    """The watch that is over all handlers in all tests works."""
    inbox, read = Inbox("readers", "things"), list[str]()
    inbox.on(MessageQueued, "message_id")(lambda event, unit: read.extend([event.message_id, event.order_id]))
    (reaction,) = inbox.reactions
    event = MessageQueued(message_id="m", order_id="o")
    with pytest.raises(needs.Undeclared, match=r'^name "order_id" in `.on\(MessageQueued, …\)`: the handler reads it$'):
        reaction(Envelope.of(event, CAUSE), UnitOfWork(shop.store, "things", CAUSE))
    assert event.order_id == "o", "only handlers are watched"
