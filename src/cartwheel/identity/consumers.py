"""Events in. An erased customer's account ends; what the other slices tell for an export is collected."""

from cartwheel.kernel import consumer
from cartwheel.kernel.environment import environment
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.unit_of_work import UnitOfWork

from . import exports
from .events import CustomerErased
from .store import TABLE

erasures = Inbox("identity-erasure", TABLE)
told = Inbox("identity-exports", TABLE)


@erasures.on(CustomerErased, "customer_id")
def end_account(event: CustomerErased, unit: UnitOfWork) -> None:
    """Outside of any transaction, so it may be done twice: there is nothing to end the second time."""
    environment().users.delete(event.customer_id)


def collect(event: exports.Told, unit: UnitOfWork) -> None:
    exports.collect(unit, event)


for kind in exports.PARTS:
    told.on(kind, "export_id", "page", "content", "following")(collect)

erasure = consumer.handler(erasures)
collection = consumer.handler(told)
