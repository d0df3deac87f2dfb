"""The map: who knows this page knows the system. Both hosts walk it; nothing is wired anywhere else."""

from datetime import timedelta

from cartwheel.basket import events as basket
from cartwheel.catalog import events as catalog
from cartwheel.inventory import events as inventory
from cartwheel.kernel.bus import PUBLISH
from cartwheel.kernel.events import Event
from cartwheel.kernel.journal import JOURNAL
from cartwheel.kernel.topology import App, Consumer, Function, Index, Projection, Schedule, Slice, Table, access, to
from cartwheel.ledger import events as ledger
from cartwheel.notification import events as notification
from cartwheel.ordering import events as ordering
from cartwheel.payment import events as payment

SECONDS = timedelta(seconds=1)
ASKED = (ledger.ReconciliationRequested, ordering.OrdersStated)  # who states something hears of both


def reconciliation(part: str, *event_types: type[Event], actions: tuple[str, ...] = ("get", "scan", "put")) -> Consumer:
    """The consumer by which a slice states what it has, and compares it with what others state."""
    handler = f"cartwheel.{part}.consumers:reconciled"
    function = Function(f"{part}-reconciliation", handler, access(*actions), timeout=30 * SECONDS)
    return Consumer(function, to(*event_types), batch=1)


CATALOG = Slice(
    name="catalog",
    table=Table(
        "catalog",
        indexes=(
            Index("by-name", "listing", "nameKey"),
            Index("by-price", "listing", "priceKey"),
            Index("by-newest", "listing", "newestKey"),
        ),
    ),
    api=Function(
        "catalog-api",
        "cartwheel.catalog.routes:handler",
        access("get", "query", "query by-name", "query by-price", "query by-newest", "put", "update", "delete"),
    ),
    consumers=(
        Consumer(
            Function(
                "catalog-import",
                "cartwheel.catalog.consumers:handler",
                access("get", "put", "update", "delete", "check"),
                timeout=60 * SECONDS,
            ),
            to(catalog.ImportRequested),
            batch=1,
        ),
    ),
    emits=(catalog.ProductChanged, catalog.ProductRemoved, catalog.StockCounted, catalog.ImportRequested),
)

INVENTORY = Slice(
    name="inventory",
    table=Table("inventory", indexes=(Index("by-expiry", "expiryShard", "expiryKey"),)),
    api=Function("inventory-api", "cartwheel.inventory.routes:handler", access("get", "query", "put", "update")),
    consumers=(
        Consumer(
            Function("inventory-events", "cartwheel.inventory.consumers:handler", access("get", "put", "update")),
            to(
                ordering.OrderPlaced,
                ordering.OrderCancelled,
                ordering.OrderConfirmed,
                catalog.StockCounted,
                ledger.DiscrepancyFound,
            ),
        ),
        reconciliation("inventory", *ASKED, inventory.StockRecounted, actions=("get", "query", "scan", "put")),
    ),
    schedules=(
        Schedule(
            Function(
                "inventory-expiry",
                "cartwheel.inventory.schedules:expiry",
                access("get", "query by-expiry", "put", "update"),
            ),
            every=10 * SECONDS,
        ),
    ),
    emits=(
        inventory.StockReserved,
        inventory.StockRejected,
        inventory.StockReleased,
        inventory.StockLow,
        inventory.StockAdjusted,
        inventory.OrdersComparedWithReservations,
        inventory.StockRecounted,
    ),
)

BASKET = Slice(
    name="basket",
    table=Table("basket"),
    api=Function(
        "basket-api",
        "cartwheel.basket.routes:handler",
        access("get", "scan", "put", "delete", "check"),
        secrets=("seal_key",),
    ),
    consumers=(
        Consumer(
            Function("basket-events", "cartwheel.basket.consumers:handler", access("get", "put", "delete")),
            to(catalog.ProductChanged, catalog.ProductRemoved),
        ),
    ),
    emits=(basket.CheckoutBasket,),
    projections=(Projection("prices", "basket-events", "cartwheel.basket.rebuilt:PRICES"),),
)

ORDERING = Slice(
    name="ordering",
    table=Table(
        "ordering",
        indexes=(
            Index("by-customer", "customerKey", "placedKey"),
            Index("by-deadline", "deadlineShard", "deadlineKey"),
        ),
    ),
    api=Function(
        "ordering-api",
        "cartwheel.ordering.routes:handler",
        access("get", "query by-customer", "put"),
        secrets=("seal_key",),
    ),
    consumers=(
        Consumer(
            Function("ordering-placement", "cartwheel.ordering.consumers:placement", access("get", "put")),
            to(ordering.OrderSubmitted, basket.CheckoutBasket),
        ),
        Consumer(
            Function("ordering-events", "cartwheel.ordering.consumers:events", access("get", "put")),
            to(
                inventory.StockReserved,
                inventory.StockRejected,
                inventory.StockReleased,
                payment.PaymentAuthorised,
                payment.PaymentDeclined,
                ledger.DiscrepancyFound,
            ),
        ),
        reconciliation("ordering", *ASKED, payment.PaymentsStated),
    ),
    schedules=(
        Schedule(
            Function(
                "ordering-deadlines",
                "cartwheel.ordering.schedules:deadlines",
                access("get", "query by-deadline", "put"),
            ),
            every=5 * SECONDS,
        ),
    ),
    emits=(
        ordering.OrderSubmitted,
        ordering.OrderPlaced,
        ordering.OrderConfirmed,
        ordering.OrderCancelled,
        ordering.OrderFulfilled,
        ordering.OrderRefunded,
        ordering.OrdersStated,
        ordering.PaymentsComparedWithOrders,
    ),
)

PAYMENT = Slice(
    name="payment",
    table=Table("payment", indexes=(Index("by-due", "dueShard", "dueKey"),)),
    api=Function("payment-api", "cartwheel.payment.routes:handler", access("get", "put"), secrets=("webhook_secret",)),
    consumers=(
        # One message a batch and many at once: a slow answer of the provider delays nobody else's payment.
        Consumer(
            Function(
                "payment-events",
                "cartwheel.payment.consumers:handler",
                access("get", "put"),
                timeout=30 * SECONDS,
                concurrency=50,
                outside="the payment provider",
            ),
            to(
                inventory.StockReserved,
                ordering.OrderFulfilled,
                ordering.OrderCancelled,
                ordering.OrderRefunded,
                ledger.DiscrepancyFound,
            ),
            batch=1,
        ),
        reconciliation("payment", *ASKED, payment.PaymentsStated),
    ),
    schedules=(
        Schedule(
            Function(
                "payment-callbacks",
                "cartwheel.payment.schedules:callbacks",
                access("get", "query by-due", "put"),
                timeout=30 * SECONDS,
                outside="the payment provider",
            ),
            every=2 * SECONDS,
        ),
    ),
    emits=(
        payment.PaymentAuthorised,
        payment.PaymentDeclined,
        payment.PaymentCaptured,
        payment.PaymentVoided,
        payment.PaymentRefunded,
        payment.PaymentsStated,
        payment.OrdersComparedWithPayments,
    ),
)

NOTIFICATION = Slice(
    name="notification",
    table=Table("notification", indexes=(Index("by-time", "mailbox", "mailboxKey"),)),
    api=Function(
        "notification-api",
        "cartwheel.notification.routes:handler",
        access("get", "query by-time", "scan", "put", "delete"),
    ),
    consumers=(
        Consumer(
            Function("notification-events", "cartwheel.notification.consumers:events", access("get", "put")),
            to(ordering.OrderConfirmed, ordering.OrderCancelled, ordering.OrderFulfilled, ordering.OrderRefunded),
        ),
        # The mail server may be slow: like payment, one mail a batch.
        Consumer(
            Function(
                "notification-delivery",
                "cartwheel.notification.consumers:delivery",
                access("get", "put"),
                timeout=30 * SECONDS,
                concurrency=10,
                outside="the mail server",
            ),
            to(notification.MessageQueued),
            batch=1,
        ),
    ),
    emits=(notification.MessageQueued, notification.MessageSent),
    projections=(Projection("mails", "notification-events", "cartwheel.notification.rebuilt:MAILS"),),
)

LEDGER = Slice(
    name="ledger",
    table=Table(
        "ledger",
        indexes=(
            Index("by-type", "typeShard", "position"),
            Index("by-subject", "subject", "position"),
            Index("by-correlation", "correlationId", "position"),
        ),
    ),
    api=Function(
        "ledger-api",
        "cartwheel.ledger.routes:handler",
        access("get", "query by-type", "query by-subject", "query by-correlation", "put", JOURNAL),
    ),
    consumers=(
        # These two names are a contract with those who call and watch them from outside.
        Consumer(
            Function("OrderProcessor", "cartwheel.ledger.consumers:processor", access("put")),
            (ledger.PLACED_ORDERS,),
        ),
        # Nobody waits for it, and it has every event to store: many at a time cost less.
        Consumer(
            Function("ledger-events", "cartwheel.ledger.consumers:events", access("put"), timeout=30 * SECONDS),
            (ledger.ALL_OTHERS,),
            batch=100,
        ),
        reconciliation(
            "ledger",
            *(ordering.OrdersStated, payment.PaymentsStated, inventory.StockRecounted),
            *(payment.OrdersComparedWithPayments, inventory.OrdersComparedWithReservations),
            ordering.PaymentsComparedWithOrders,
            actions=("query by-subject", "put", "update"),
        ),
    ),
    # Each hour it looks whether the daily run is due, so that a host that is started anew each day has one, too.
    schedules=(
        Schedule(
            Function("ledger-daily", "cartwheel.ledger.schedules:daily", access("get", "put")), every=3600 * SECONDS
        ),
    ),
    invoked=(Function("EventPublisher", "cartwheel.ledger.invoked:publisher", access(PUBLISH)),),
    emits=(ledger.ReconciliationRequested, ledger.DiscrepancyFound),
)

APP = App((CATALOG, INVENTORY, BASKET, ORDERING, PAYMENT, NOTIFICATION, LEDGER))
