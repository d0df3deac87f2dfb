"""Orders at each step of their life, for tests of ordering alone: other slices are played by their events."""

import json
from collections.abc import Callable
from typing import Any

from cartwheel.basket.events import CheckedOutLine, CheckoutBasket
from cartwheel.inventory.events import Shortage, StockRejected, StockReleased, StockReserved
from cartwheel.kernel.events import Cause, Envelope, Event
from cartwheel.kernel.ids import new_id, sealed_id
from cartwheel.kernel.store import Key
from cartwheel.ordering import store
from cartwheel.ordering.events import PaymentInstruction
from cartwheel.payment.events import PaymentAuthorised, PaymentDeclined
from tests.support.shop import Shop

LONG_AGO = "2020-01-01T00:00:00.000Z"
Report = Callable[[str], Event]

PAYMENT = PaymentInstruction(amount=9999, currency="EUR", token="tok-1")
LINES = [
    CheckedOutLine(sku="mug", name="Blue mug", quantity=3, unit_price=1250),
    CheckedOutLine(sku="pen", name="Pen", quantity=1, unit_price=199),
]


def envelope(event: Event) -> dict[str, Any]:
    return Envelope.of(event, Cause(new_id(), new_id())).to_dict()


def submit(shop: Shop, token: str | None = None, **body: Any) -> str:
    """A direct order, PENDING."""
    answer = shop.request("POST", "/orders", json={"amount": 99.99, "currency": "EUR", **body}, token=token)
    assert answer.status == 202, answer
    return str(answer.json["orderId"])


def submitted(shop: Shop, order_id: str) -> dict[str, Any]:
    """The envelope of the OrderSubmitted of an order."""
    return next(
        found
        for found in shop.envelopes()
        if found["detail-type"] == "OrderSubmitted" and found["detail"]["data"]["orderId"] == order_id
    )


def place(shop: Shop, token: str | None = None, **body: Any) -> str:
    order_id = submit(shop, token, **body)
    shop.deliver("ordering-placement", submitted(shop, order_id))
    return order_id


def reserve(shop: Shop, token: str | None = None, **body: Any) -> str:
    order_id = place(shop, token, **body)
    hear(shop, reserved(order_id))
    return order_id


def confirm(shop: Shop, token: str | None = None, **body: Any) -> str:
    order_id = reserve(shop, token, **body)
    hear(shop, authorised(order_id))
    return order_id


def fulfil(shop: Shop, token: str | None = None, **body: Any) -> str:
    order_id = confirm(shop, token, **body)
    assert shop.request("POST", f"/orders/{order_id}/fulfil", token="staff").status == 200
    return order_id


def checkout(shop: Shop, **fields: Any) -> CheckoutBasket:
    """The event of a checkout, with an order id as the basket slice mints it."""
    given: dict[str, Any] = {"order_id": sealed_id(shop.settings.seal_key), "lines": LINES, "currency": "EUR", **fields}
    return CheckoutBasket(basket_id=new_id(), **given)


def check_out(shop: Shop, **fields: Any) -> str:
    event = checkout(shop, **fields)
    shop.deliver("ordering-placement", envelope(event))
    return event.order_id


def hear(shop: Shop, event: Event) -> None:
    """One delivery of a new event to the queue of stock and payment reports."""
    shop.deliver("ordering-events", envelope(event))


def batch(shop: Shop, consumer: str, bodies: list[Any]) -> list[str]:
    """Deliver the messages in one invocation; answers which failed."""
    records = [
        {
            "messageId": str(position),
            "body": json.dumps(body),
            "attributes": {"ApproximateReceiveCount": "1"},
            "eventSource": "aws:sqs",
        }
        for position, body in enumerate(bodies)
    ]
    answer = shop.invoke(consumer, {"Records": records})
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def show(shop: Shop, order_id: str) -> Any:
    answer = shop.request("GET", f"/orders/{order_id}", token="staff")
    assert answer.status == 200, answer
    return answer.json


def statuses(shop: Shop, order_id: str) -> list[str]:
    return [entered["status"] for entered in show(shop, order_id)["history"]]


def item(shop: Shop, order_id: str) -> dict[str, Any]:
    key = f"ORDER#{order_id}"
    found = shop.store.get("ordering", Key(key, key))
    assert found is not None
    return found


def let_pass(shop: Shop, order_id: str) -> None:
    """Let the order's deadline have passed."""
    order = store.find(shop.store, order_id)
    assert order is not None
    shop.store.transact([store.save(order.model_copy(update={"deadline": LONG_AGO}))])


def reserved(order_id: str) -> StockReserved:
    return StockReserved(order_id=order_id, payment=PAYMENT)


def rejected(order_id: str) -> StockRejected:
    return StockRejected(order_id=order_id, shortages=[Shortage(sku="mug", wanted=3, available=1)])


def released(order_id: str, reason: str = "expired") -> StockReleased:
    return StockReleased(order_id=order_id, reason=reason)


def authorised(order_id: str) -> PaymentAuthorised:
    return PaymentAuthorised(order_id=order_id, amount=PAYMENT.amount, currency=PAYMENT.currency)


def declined(order_id: str) -> PaymentDeclined:
    return PaymentDeclined(order_id=order_id, reason="card_declined")
