"""Events in: placed orders are stored, once each. The event's own item is the mark that it was there."""

from typing import Final

from cartwheel.kernel import consumer, telemetry
from cartwheel.kernel.envelope import Envelope
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.unit_of_work import UnitOfWork

from . import store
from .events import ORDER_PLACED, SOURCE

MOST_LETTERS: Final = 200

placed = Inbox("OrderProcessor", store.TABLE, mark=store.add)


@placed.on_foreign(SOURCE, ORDER_PLACED)
def take(event: Envelope, _: UnitOfWork) -> None:
    """Nothing but the mark is to be stored. Whoever else publishes may have left out the order's id."""
    order_id = event.detail.get("orderId")
    telemetry.info("order placed", orderId=str(order_id)[:MOST_LETTERS], eventId=event.id)


processor = consumer.handler(placed)
