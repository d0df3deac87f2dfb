"""The use cases of notification: write a mail once, deliver it, and say so in the same transaction."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from cartwheel.kernel import telemetry, tracing
from cartwheel.kernel.clock import now
from cartwheel.kernel.export import fitting, sealed_content
from cartwheel.kernel.money import to_decimal
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.kernel.vault import EMAIL, open_sealed, opener
from cartwheel.ordering.events import CancelReason, OrderCancelled, OrderConfirmed, OrderFulfilled, OrderRefunded

from . import store
from .events import MailsExported, MessageQueued, MessageSent
from .model import Kind, Mail, MailState, message_id

Told = OrderConfirmed | OrderCancelled | OrderFulfilled | OrderRefunded

KINDS: Final[dict[type[Told], Kind]] = {
    OrderConfirmed: Kind.CONFIRMED,
    OrderCancelled: Kind.CANCELLED,
    OrderFulfilled: Kind.FULFILLED,
    OrderRefunded: Kind.REFUNDED,
}

REASONS: Final[dict[str, str]] = {
    CancelReason.OUT_OF_STOCK: "There was not enough left of what you ordered.",
    CancelReason.STOCK_EXPIRED: "We could not hold the goods any longer before the payment came.",
    CancelReason.PAYMENT_DECLINED: "Your payment was declined.",
    CancelReason.STOCK_TIMEOUT: "We could not set the goods aside in time.",
    CancelReason.PAYMENT_TIMEOUT: "The payment did not come in time.",
    CancelReason.FULFILMENT_TIMEOUT: "We could not send the goods in time.",
    CancelReason.BY_CUSTOMER: "You asked us to cancel it.",
    CancelReason.BY_SHOP: "We could not accept it.",
}


def write(unit: UnitOfWork, order: Told, settings: Settings) -> None:
    """Write the mail about the order, unless it was written before or nobody left an address."""
    kind = KINDS[type(order)]
    if order.email is None or store.read(unit.store, message_id(order.order_id, kind)):
        return
    from .render import render  # late: jinja2 is for those who write; deliveries, and orders without an address, do not

    with _told("mail written", kind):
        content = render(
            kind,
            shop=settings.shop_name,
            order_id=order.order_id,
            amount=f"{to_decimal(order.amount, order.currency)} {order.currency}",
            reason=REASONS.get(order.reason, "We could not carry it out.") if isinstance(order, OrderCancelled) else "",
        )
    state = MailState.QUEUED if settings.smtp_url else MailState.SENT_TO_MAILBOX
    mail = Mail.written(order.order_id, kind, order.email, content, state, now())
    unit.write(store.add(mail))
    unit.emit(MessageQueued(message_id=mail.message_id, order_id=mail.order_id) if settings.smtp_url else _sent(mail))


def deliver(unit: UnitOfWork, queued: MessageQueued, settings: Settings) -> None:
    """Hand a queued mail to the mail server, or to the mailbox if there is none any more. Raises DeliveryFailed.

    One whose recipient was erased goes nowhere.
    """
    mail = store.read(unit.store, queued.message_id)
    if mail is None or mail.state is not MailState.QUEUED:
        return
    address = open_sealed(unit.store, EMAIL, mail.to)
    if address is None:
        unit.write(store.deliver(mail.delivered(MailState.ERASED)))
        return
    if settings.smtp_url:
        from . import smtp  # late: most that import this write mails, or keep them in the mailbox

        with _told("mail handed over", mail.kind):
            smtp.send(mail, address, settings)
    delivered = mail.delivered(MailState.SENT if settings.smtp_url else MailState.SENT_TO_MAILBOX)
    unit.write(store.deliver(delivered))
    unit.emit(_sent(delivered))


def export(unit: UnitOfWork, export_id: str, customer_id: str, page: int = 0, cursor: str | None = None) -> None:
    """Tell a page of the mails to the customer, newest first."""
    opened = opener(unit.store)

    def some(limit: int) -> tuple[list[dict[str, Any]], str | None]:
        mails, following = store.to_owner(unit.store, customer_id, limit, cursor)
        return [
            mail.model_dump(mode="json", by_alias=True, exclude={"expires_at"}) | {"to": opened(EMAIL, mail.to)}
            for mail in mails
        ], following

    told, following = fitting(some)
    content = sealed_content(unit.store, customer_id, told)
    if content:
        unit.emit(
            MailsExported(export_id=export_id, customer_id=customer_id, page=page, content=content, following=following)
        )


@contextmanager
def _told(message: str, kind: Kind) -> Iterator[None]:
    """A line in the log of how long it took; none, if it fails: that of the delivery says it."""
    began = time.perf_counter()
    with tracing.within() as span:
        yield
        milliseconds = round((time.perf_counter() - began) * 1000, 1)
        telemetry.info(message, mail=kind, milliseconds=milliseconds, **tracing.ids(span))


def _sent(mail: Mail) -> MessageSent:
    return MessageSent(message_id=mail.message_id, order_id=mail.order_id, kind=mail.kind)
