"""The use cases of the ledger: publish an order of somebody else's shop, and list events."""

from typing import Annotated, Final

from pydantic import Field

from cartwheel.kernel import telemetry
from cartwheel.kernel.bus import Entry
from cartwheel.kernel.environment import Environment
from cartwheel.kernel.schema import Record, Request, Text

from .events import ORDER_PLACED, PLACED, SOURCE

MAX_ITEMS: Final = 100
MAX_QUANTITY: Final = 1_000_000


class OrderedItem(Request):
    """What is ordered, and how many of it."""

    id: Text
    quantity: Annotated[int, Field(strict=True, ge=1, le=MAX_QUANTITY)]


class PlaceOrder(Request):
    """What `EventPublisher` takes."""

    order_id: Text
    customer: Text
    items: Annotated[list[OrderedItem], Field(min_length=1, max_length=MAX_ITEMS)]


class Published(Record):
    """The bus has the event, under this id."""

    event_id: str
    source: str
    detail_type: str


def publish(environment: Environment, order: PlaceOrder) -> Published:
    """Tell the bus that the order is placed. Raises NotTaken where the bus does not say that it has the event.

    There is no outbox: that keeps an event together with what is stored beside it, and here nothing is. The event is
    the whole effect, and the answer waits for it.
    """
    detail = order.model_dump(mode="json", by_alias=True) | {"status": PLACED}
    event_id = environment.bus.put(Entry(SOURCE, ORDER_PLACED, detail))
    telemetry.info("published", eventId=event_id, orderId=order.order_id)
    return Published(event_id=event_id, source=SOURCE, detail_type=ORDER_PLACED)
