"""The map: who knows this page knows the system. Both hosts walk it; nothing is wired anywhere else."""

from datetime import timedelta

from cartwheel.basket import events as basket
from cartwheel.basket.monitoring import BASKETS
from cartwheel.catalog import events as catalog
from cartwheel.identity import events as identity
from cartwheel.inventory import events as inventory
from cartwheel.kernel.events import Event
from cartwheel.kernel.staff import StaffActed
from cartwheel.kernel.throttle import Pace, Rate
from cartwheel.kernel.topology import App, Consumer, Projection, Schedule, Slice, Trigger, function, table, to
from cartwheel.ledger import events as ledger
from cartwheel.ledger.monitoring import BUSINESS
from cartwheel.notification import events as notification
from cartwheel.notification.monitoring import MAIL_SERVER
from cartwheel.ordering import events as ordering
from cartwheel.ordering.monitoring import CANARY
from cartwheel.payment import events as payment
from cartwheel.payment.monitoring import PROVIDER

SECONDS = timedelta(seconds=1)
ASKED = (ledger.ReconciliationRequested, ordering.OrdersStated)  # who states something hears of both


def reconciliation(part: str, *event_types: type[Event], may: str = "get, scan, put") -> Consumer:
    """The consumer by which a slice states what it has, and compares it with what others state."""
    work = function(f"{part}-reconciliation", f"{part}.consumers:reconciled", may, timeout=30 * SECONDS)
    return Consumer(work, to(*event_types), batch=1)


CATALOG = Slice(
    name="catalog",
    table=table("catalog", "by-name listing nameKey", "by-price listing priceKey", "by-newest listing newestKey"),
    api=function(
        "catalog-api",
        "catalog.routes:handler",
        "get, query, query by-name, query by-price, query by-newest, put, update, delete",
    ),
    consumers=(
        Consumer(
            function(
                "catalog-import", "catalog.consumers:handler", "get, put, update, delete, check", timeout=60 * SECONDS
            ),
            to(catalog.ImportRequested),
            batch=1,
        ),
    ),
    emits=(catalog.ProductChanged, catalog.ProductRemoved, catalog.StockCounted, catalog.ImportRequested),
)

INVENTORY = Slice(
    name="inventory",
    table=table("inventory", "by-expiry expiryShard expiryKey"),
    api=function("inventory-api", "inventory.routes:handler", "get, query, put, update"),
    consumers=(
        Consumer(
            function("inventory-events", "inventory.consumers:handler", "get, put, update"),
            to(
                *(ordering.OrderPlaced, ordering.OrderCancelled, ordering.OrderConfirmed),
                *(catalog.StockCounted, ledger.DiscrepancyFound),
            ),
        ),
        reconciliation("inventory", *ASKED, inventory.StockRecounted, may="get, query, scan, put"),
    ),
    schedules=(
        Schedule(
            function("inventory-expiry", "inventory.schedules:expiry", "get, query by-expiry, put, update"),
            every=10 * SECONDS,
        ),
    ),
    emits=(
        *(inventory.StockReserved, inventory.StockRejected, inventory.StockReleased, inventory.StockLow),
        *(inventory.StockAdjusted, inventory.OrdersComparedWithReservations, inventory.StockRecounted),
    ),
)

BASKET = Slice(
    name="basket",
    table=table("basket"),
    api=function("basket-api", "basket.routes:handler", "get, scan, put, delete, check, seal", secrets=("seal_key",)),
    consumers=(
        Consumer(
            function("basket-events", "basket.consumers:handler", "get, put, delete, open"),
            to(catalog.ProductChanged, catalog.ProductRemoved, identity.ExportRequested, identity.CustomerErased),
        ),
    ),
    emits=(basket.CheckoutBasket, basket.BasketExported),
    projections=(Projection("prices", "basket-events", "cartwheel.basket.rebuilt:PRICES"),),
    watched=BASKETS,
)

ORDERING = Slice(
    name="ordering",
    table=table("ordering", "by-customer customerKey placedKey", "by-deadline deadlineShard deadlineKey"),
    api=function("ordering-api", "ordering.routes:handler", "get, query by-customer, put, seal", secrets=("seal_key",)),
    consumers=(
        Consumer(
            function("ordering-placement", "ordering.consumers:placement", "get, put"),
            to(ordering.OrderSubmitted, basket.CheckoutBasket),
        ),
        Consumer(
            function("ordering-events", "ordering.consumers:events", "get, query by-customer, put, open"),
            to(
                *(inventory.StockReserved, inventory.StockRejected, inventory.StockReleased),
                *(payment.PaymentAuthorised, payment.PaymentDeclined, ledger.DiscrepancyFound),
                *(identity.ExportRequested, ordering.OrdersExported),
            ),
        ),
        reconciliation("ordering", *ASKED, payment.PaymentsStated),
    ),
    schedules=(
        Schedule(
            function("ordering-deadlines", "ordering.schedules:deadlines", "get, query by-deadline, put"),
            every=5 * SECONDS,
        ),
        Schedule(
            function(
                "ordering-canary",
                "ordering.canary:purchase",
                "get, put, visit",
                timeout=60 * SECONDS,
                outside="the shop itself",
                secrets=("seal_key",),
            ),
            every=300 * SECONDS,
            switch="canary_sku",
            watched=CANARY,
        ),
    ),
    emits=(
        *(ordering.OrderSubmitted, ordering.OrderPlaced, ordering.OrderConfirmed),
        *(ordering.OrderCancelled, ordering.OrderFulfilled, ordering.OrderRefunded),
        *(ordering.OrdersStated, ordering.PaymentsComparedWithOrders, ordering.OrdersExported),
    ),
)

PAYMENT = Slice(
    name="payment",
    table=table("payment", "by-due dueShard dueKey"),
    api=function("payment-api", "payment.routes:handler", "get, put", secrets=("webhook_secret",)),
    consumers=(
        # One message a batch and many at once: a slow answer of the provider delays nobody else's payment.
        Consumer(
            function(
                "payment-events",
                "payment.consumers:handler",
                "get, put",
                timeout=30 * SECONDS,
                concurrency=50,
                outside="the payment provider",
            ),
            to(
                *(ordering.OrderFulfilled, ordering.OrderCancelled, ordering.OrderRefunded),
                *(inventory.StockReserved, ledger.DiscrepancyFound),
            ),
            batch=1,
        ),
        reconciliation("payment", *ASKED, payment.PaymentsStated),
    ),
    schedules=(
        Schedule(
            function(
                "payment-callbacks",
                "payment.schedules:callbacks",
                "get, query by-due, put",
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
    watched=PROVIDER,
)

NOTIFICATION = Slice(
    name="notification",
    table=table("notification", "by-time mailbox mailboxKey", "by-owner mailOwner mailboxKey"),
    api=function("notification-api", "notification.routes:handler", "get, query by-time, scan, put, delete, open"),
    consumers=(
        Consumer(
            function("notification-events", "notification.consumers:events", "get, query by-owner, put, open"),
            to(
                *(ordering.OrderConfirmed, ordering.OrderCancelled, ordering.OrderFulfilled, ordering.OrderRefunded),
                *(identity.ExportRequested, notification.MailsExported),
            ),
        ),
        # The mail server may be slow: like payment, one mail a batch.
        Consumer(
            function(
                "notification-delivery",
                "notification.consumers:delivery",
                "get, put, open",
                timeout=30 * SECONDS,
                concurrency=10,
                outside="the mail server",
                secrets=("smtp_password",),
            ),
            to(notification.MessageQueued),
            batch=1,
        ),
    ),
    emits=(notification.MessageQueued, notification.MessageSent, notification.MailsExported),
    projections=(Projection("mails", "notification-events", "cartwheel.notification.rebuilt:MAILS"),),
    watched=MAIL_SERVER,
)

LEDGER = Slice(
    name="ledger",
    table=table(
        "ledger", "by-type typeShard position", "by-subject subject position", "by-correlation correlationId position"
    ),
    api=function(
        "ledger-api",
        "ledger.routes:handler",
        "get, query by-type, query by-subject, query by-correlation, put, journal",
    ),
    consumers=(
        # These two names are a contract with those who call and watch them from outside.
        Consumer(function("OrderProcessor", "ledger.consumers:processor", "put"), (ledger.PLACED_ORDERS,)),
        # Nobody waits for it, and it has every event to store: many at a time cost less.
        Consumer(
            function("ledger-events", "ledger.consumers:events", "put", timeout=30 * SECONDS),
            (ledger.ALL_OTHERS,),
            batch=100,
        ),
        reconciliation(
            "ledger",
            *(ordering.OrdersStated, payment.PaymentsStated, inventory.StockRecounted),
            *(payment.OrdersComparedWithPayments, inventory.OrdersComparedWithReservations),
            ordering.PaymentsComparedWithOrders,
            may="query by-subject, put, update",
        ),
    ),
    # Each hour it looks whether the daily run is due, so that a host that is started anew each day has one, too.
    schedules=(
        Schedule(function("ledger-daily", "ledger.schedules:daily", "get, put"), every=3600 * SECONDS),
        Schedule(
            function("ledger-pace", "ledger.schedules:pace", "query by-type", timeout=60 * SECONDS),
            every=900 * SECONDS,
        ),
    ),
    invoked=(function("EventPublisher", "ledger.invoked:publisher", "publish"),),
    emits=(ledger.ReconciliationRequested, ledger.DiscrepancyFound),
    watched=BUSINESS,
)

CUSTOMERS = Slice(
    name="identity",
    table=table("identity"),
    api=function("identity-api", "identity.routes:handler", "get, query, put, seal, open, forget"),
    consumers=(
        # The user pool may be slow or away: like the mail server, one at a time.
        Consumer(
            function("identity-erasure", "identity.consumers:erasure", "put, identity"),
            to(identity.CustomerErased),
            batch=1,
        ),
        Consumer(
            function("identity-exports", "identity.consumers:collection", "put"),
            to(basket.BasketExported, ordering.OrdersExported, notification.MailsExported),
        ),
    ),
    triggers=(Trigger(function("identity-registered", "identity.triggers:registered", "get, put, seal")),),
    emits=(identity.CustomerRegistered, identity.CustomerErased, identity.ExportRequested),
)

AUDIT = Slice(
    name="audit",
    table=table("audit", "by-who who whoKey", outbox=False),
    api=function("audit-api", "audit.routes:handler", "get, query, query by-who"),
    consumers=(
        # An entry follows on the one before: two at a time would only overtake each other, and AWS knows no fewer.
        Consumer(function("audit-trail", "audit.consumers:handler", "get, put", concurrency=2), to(StaffActed)),
    ),
)

RATES: dict[Pace, Rate] = {
    "reading": Rate(100, burst=200),
    "writing": Rate(50, burst=100),
    "sign-in": Rate(5, burst=20),
}

APP = App((CATALOG, INVENTORY, BASKET, ORDERING, PAYMENT, NOTIFICATION, LEDGER, CUSTOMERS, AUDIT), rates=RATES)
