"""Events in: the catalog says what is sold, and at which price."""

from cartwheel.catalog.events import ProductChanged, ProductRemoved
from cartwheel.kernel import consumer
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.unit_of_work import UnitOfWork

from .projection import project
from .store import TABLE

inbox = Inbox("basket-events", TABLE)


@inbox.on(ProductChanged, "product_id", "revision", "published", "offers")
def product_changed(event: ProductChanged, unit: UnitOfWork) -> None:
    project(unit, event.product_id, event.revision, event.offers if event.published else [])


@inbox.on(ProductRemoved, "product_id", "revision")
def product_removed(event: ProductRemoved, unit: UnitOfWork) -> None:
    project(unit, event.product_id, event.revision, [])


handler = consumer.handler(inbox)
