"""Events in: what happens to orders is written in mails, and queued mails go out."""

from cartwheel.kernel import consumer
from cartwheel.kernel.environment import environment
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.ordering.events import OrderCancelled

from . import service
from .events import MessageQueued

orders = Inbox("notification-events", "notification")
queued = Inbox("notification-delivery", "notification")


def write(event: service.Told, unit: UnitOfWork) -> None:
    service.write(unit, event, environment().settings)


for occasion in service.KINDS:
    why = ["reason"] if occasion is OrderCancelled else []
    orders.on(occasion, "order_id", "email", "amount", "currency", *why)(write)


@queued.on(MessageQueued, "message_id")
def deliver(event: MessageQueued, unit: UnitOfWork) -> None:
    service.deliver(unit, event, environment().settings)


events = consumer.handler(orders)
delivery = consumer.handler(queued)
