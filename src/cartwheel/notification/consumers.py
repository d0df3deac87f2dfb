"""Events in: what happens to orders is written in mails, and queued mails go out. A customer's export is told page by
page, each of which is the cause of the next.
"""

from cartwheel.identity.events import ExportRequested
from cartwheel.kernel import consumer
from cartwheel.kernel.environment import environment
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.ordering.events import OrderCancelled

from . import service
from .events import MailsExported, MessageQueued

orders = Inbox("notification-events", "notification")
queued = Inbox("notification-delivery", "notification")


def write(event: service.Told, unit: UnitOfWork) -> None:
    service.write(unit, event, environment().settings)


for occasion in service.KINDS:
    why = ["reason"] if occasion is OrderCancelled else []
    orders.on(occasion, "order_id", "email", "amount", "currency", *why)(write)


@orders.on(ExportRequested, "export_id", "customer_id")
def export_requested(event: ExportRequested, unit: UnitOfWork) -> None:
    service.export(unit, event.export_id, event.customer_id)


@orders.on(MailsExported, "export_id", "customer_id", "page", "following")
def mails_exported(event: MailsExported, unit: UnitOfWork) -> None:
    if event.following:
        service.export(unit, event.export_id, event.customer_id, event.page + 1, event.following)


@queued.on(MessageQueued, "message_id")
def deliver(event: MessageQueued, unit: UnitOfWork) -> None:
    service.deliver(unit, event, environment().settings)


events = consumer.handler(orders)
delivery = consumer.handler(queued)
