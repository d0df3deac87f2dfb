"""What consumers say they need of each event is what they read: no less, as every test watches, and no more.

One story has every event handled, in each of the ways that differ in what is read.
"""

import importlib
from dataclasses import replace
from typing import Any

import pytest

from cartwheel.app import APP
from cartwheel.inventory.events import Recount, StockRecounted, StockReleased
from cartwheel.kernel.events import Cause, Envelope
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.inbox import Inbox, Reaction
from cartwheel.kernel.store import Scan
from cartwheel.kernel.topology import Consumer
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.ledger.events import DiscrepancyFound, ReconciliationRequested, Repair
from cartwheel.notification.events import MessageQueued
from cartwheel.ordering import store as orders
from cartwheel.ordering.events import CancelReason, OrderCancelled, OrdersStated, StatedOrder
from cartwheel.payment import store as payments
from cartwheel.payment.events import PaymentsStated
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


def reconcile(shop: Shop, order_id: str) -> None:
    """In more than one part, and with every kind of repair."""
    staff(shop, "POST", "/reconciliations", {})
    (asked,) = shop.events(ReconciliationRequested)
    about: dict[str, Any] = {"run_id": asked.run_id, "since": asked.since, "until": asked.until, "part": 1}
    order = StatedOrder(order_id=order_id, status="REFUNDED", amount=850, currency="EUR", facts=[])
    shop.publish(OrdersStated(**about, orders=[order], next=cursor_of(shop, orders.all_orders(None))))
    shop.publish(PaymentsStated(**about, payments=[], next=cursor_of(shop, payments.all_payments(None))))
    recount = Recount(step="look", held={}, suspects={})
    shop.publish(StockRecounted(run_id=asked.run_id, part=1, until=asked.until, findings=[], next=recount))
    finding = {"run_id": asked.run_id, "kind": "any", "about": order_id, "expected": "", "found": ""}
    for repair in Repair:
        shop.publish(DiscrepancyFound(**finding, repair=repair))


def cursor_of(shop: Shop, scan: Scan) -> str | None:
    return shop.store.scan(replace(scan, limit=1)).next


@pytest.fixture
def story(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Goods are imported, bought, sent, given back, sold out and withdrawn; payments fail; an order is cancelled. It is
    all reconciled. A customer has all their data told, in pages of one thing each, and is erased.
    """
    monkeypatch.setattr("cartwheel.kernel.export.MOST_ITEMS", 1)
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
    reconcile(shop, sent)
    order = {"amount": 5, "currency": "EUR", "email": "a@example.com"}
    for _ in range(2):
        shop.request("POST", "/orders", order, token="customer:ann")
        shop.drain()
    shop.request("POST", "/me/exports", token="customer:ann")
    shop.drain()
    shop.request("DELETE", "/me", {"confirm": "ERASE"}, token="customer:ann")
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
