"""What the shop does, counted where every event arrives: each event once, when it is stored, and no slice need count.

What an event tells is read as it stands, not validated: the ledger keeps whatever it is sent. What does not fit is not
counted. Amounts are in the currency's own unit: 12.5, not 1250.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from cartwheel.basket.events import CheckoutBasket
from cartwheel.inventory.events import StockLow, StockRejected
from cartwheel.kernel.envelope import Envelope
from cartwheel.kernel.events import Event
from cartwheel.kernel.ids import is_synthetic
from cartwheel.kernel.metrics import Metric, Unit
from cartwheel.kernel.money import DIGITS, shown
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.notification.events import MessageSent
from cartwheel.ordering.events import (
    OrderCancelled,
    OrderConfirmed,
    OrderFulfilled,
    OrderPlaced,
    OrderRefunded,
)
from cartwheel.payment.events import PaymentAuthorised, PaymentCaptured, PaymentDeclined, PaymentRefunded

from .events import DiscrepancyFound

ORDERS: Final = Metric("Orders", Unit.COUNT, "orders that came into this state", ("State",))
PAYMENTS: Final = Metric("Payments", Unit.COUNT, "payments that were decided so", ("Outcome",))
REVENUE: Final = Metric("Revenue", Unit.NONE, "money taken, in the currency's unit", ("Currency",))
REFUNDS: Final = Metric("Refunds", Unit.NONE, "money given back, in the currency's unit", ("Currency",))
BASKETS_CHECKED_OUT: Final = Metric("BasketsCheckedOut", Unit.COUNT, "baskets that became orders")
STOCK_OUTS: Final = Metric("StockOuts", Unit.COUNT, "orders that failed because something was short")
STOCK_LOW: Final = Metric("StockLow", Unit.COUNT, "SKUs whose stock fell to its low mark")
MAILS_SENT: Final = Metric("MailsSent", Unit.COUNT, "mails handed to the mail server or put into the mailbox")
DISCREPANCIES: Final = Metric("Discrepancies", Unit.COUNT, "things that slices do not agree about")

WINDOW: Final = timedelta(minutes=15)  # that is compared with what is usual
ORDERS_OF_USUAL: Final = Metric(
    "OrdersOfUsual", Unit.PERCENT, "orders of a quarter of an hour, in percent of what it usually brings"
)
DECLINES_ABOVE_USUAL: Final = Metric(
    "DeclinesAboveUsual", Unit.PERCENT, "share of payments declined, in percentage points above the usual share"
)


@dataclass(frozen=True)
class EventMetric:
    """A metric of events of one type: 1 for each, or the money that it names, with `Currency` as the dimension."""

    metric: Metric
    event_type: type[Event]
    dimensions: dict[str, str]
    money: bool = False

    def measure(self, envelope: Envelope, unit: UnitOfWork) -> None:
        if not self.money:
            unit.measure(self.metric, 1, **self.dimensions)
        elif told := _money(envelope.detail.get("data")):
            amount, currency = told
            unit.measure(self.metric, shown(amount, currency), Currency=currency)


COUNTED: Final = (
    EventMetric(ORDERS, OrderPlaced, {"State": "placed"}),
    EventMetric(ORDERS, OrderConfirmed, {"State": "confirmed"}),
    EventMetric(ORDERS, OrderFulfilled, {"State": "fulfilled"}),
    EventMetric(ORDERS, OrderCancelled, {"State": "cancelled"}),
    EventMetric(ORDERS, OrderRefunded, {"State": "refunded"}),
    EventMetric(PAYMENTS, PaymentAuthorised, {"Outcome": "authorised"}),
    EventMetric(PAYMENTS, PaymentDeclined, {"Outcome": "declined"}),
    EventMetric(REVENUE, PaymentCaptured, {}, money=True),
    EventMetric(REFUNDS, PaymentRefunded, {}, money=True),
    EventMetric(BASKETS_CHECKED_OUT, CheckoutBasket, {}),
    EventMetric(STOCK_OUTS, StockRejected, {}),
    EventMetric(STOCK_LOW, StockLow, {}),
    EventMetric(MAILS_SENT, MessageSent, {}),
    EventMetric(DISCREPANCIES, DiscrepancyFound, {}),
)
METRICS: Final = (*dict.fromkeys(each.metric for each in COUNTED), ORDERS_OF_USUAL, DECLINES_ABOVE_USUAL)

_BY_TYPE: Final = {(each.event_type.source, each.event_type.detail_type()): each for each in COUNTED}


def count(envelope: Envelope, unit: UnitOfWork) -> None:
    """Measure what the event says, if anything, when it is stored. The shop's own trial is no business."""
    counted = _BY_TYPE.get((envelope.source, envelope.detail_type))
    if counted and not is_synthetic(envelope.order_id):
        counted.measure(envelope, unit)


def _money(data: Any) -> tuple[int, str] | None:
    """Minor units and their currency, where the data names both."""
    if not isinstance(data, dict):
        return None
    amount, currency = data.get("amount"), data.get("currency")
    return (amount, currency) if type(amount) is int and isinstance(currency, str) and currency in DIGITS else None
