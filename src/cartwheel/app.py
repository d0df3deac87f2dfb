"""The map: who knows this page knows the system. Both hosts walk it; nothing is wired anywhere else."""

from datetime import timedelta

from cartwheel.basket import events as basket
from cartwheel.catalog import events as catalog
from cartwheel.inventory import events as inventory
from cartwheel.kernel.bus import PUBLISH
from cartwheel.kernel.topology import App, Consumer, Function, Index, Schedule, Slice, Table, access, to
from cartwheel.ledger import events as ledger
from cartwheel.notification import events as notification
from cartwheel.ordering import events as ordering
from cartwheel.payment import events as payment

SECONDS = timedelta(seconds=1)

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
            to(ordering.OrderPlaced, ordering.OrderCancelled, ordering.OrderConfirmed, catalog.StockCounted),
        ),
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
    ),
)

BASKET = Slice(
    name="basket",
    table=Table("basket"),
    api=Function(
        "basket-api",
        "cartwheel.basket.routes:handler",
        access("get", "put", "delete", "check"),
        secrets=("seal_key",),
    ),
    consumers=(
        Consumer(
            Function("basket-events", "cartwheel.basket.consumers:handler", access("get", "put", "delete")),
            to(catalog.ProductChanged, catalog.ProductRemoved),
        ),
    ),
    emits=(basket.CheckoutBasket,),
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
            ),
        ),
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
            ),
            to(inventory.StockReserved, ordering.OrderFulfilled, ordering.OrderCancelled, ordering.OrderRefunded),
            batch=1,
        ),
    ),
    schedules=(
        Schedule(
            Function(
                "payment-callbacks",
                "cartwheel.payment.schedules:callbacks",
                access("get", "query by-due", "put"),
                timeout=30 * SECONDS,
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
    ),
)

NOTIFICATION = Slice(
    name="notification",
    table=Table("notification", indexes=(Index("by-time", "mailbox", "mailboxKey"),)),
    api=Function("notification-api", "cartwheel.notification.routes:handler", access("query by-time")),
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
            ),
            to(notification.MessageQueued),
            batch=1,
        ),
    ),
    emits=(notification.MessageQueued, notification.MessageSent),
)

LEDGER = Slice(
    name="ledger",
    table=Table("ledger", indexes=(Index("by-type", "typeShard", "typeKey"),)),
    api=Function("ledger-api", "cartwheel.ledger.routes:handler", access("query by-type")),
    consumers=(
        # These two names are a contract with those who call and watch them from outside.
        Consumer(
            Function("OrderProcessor", "cartwheel.ledger.consumers:processor", access("put")),
            (ledger.PLACED_ORDERS,),
        ),
    ),
    invoked=(Function("EventPublisher", "cartwheel.ledger.invoked:publisher", access(PUBLISH)),),
)

APP = App((CATALOG, INVENTORY, BASKET, ORDERING, PAYMENT, NOTIFICATION, LEDGER))
