"""Events in: the catalog says what is sold, and at which price; customers want their data told, or forgotten."""

from cartwheel.catalog.events import ProductChanged, ProductRemoved
from cartwheel.identity.events import CustomerErased, ExportRequested
from cartwheel.kernel import consumer
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.unit_of_work import UnitOfWork

from . import service
from .projection import project
from .store import TABLE

inbox = Inbox("basket-events", TABLE)


@inbox.on(ProductChanged, "product_id", "revision", "published", "offers")
def product_changed(event: ProductChanged, unit: UnitOfWork) -> None:
    project(unit, event.product_id, event.revision, event.offers if event.published else [])


@inbox.on(ProductRemoved, "product_id", "revision")
def product_removed(event: ProductRemoved, unit: UnitOfWork) -> None:
    project(unit, event.product_id, event.revision, [])


@inbox.on(ExportRequested, "export_id", "customer_id")
def export_requested(event: ExportRequested, unit: UnitOfWork) -> None:
    service.export(unit, event.export_id, event.customer_id)


@inbox.on(CustomerErased, "customer_id")
def customer_erased(event: CustomerErased, unit: UnitOfWork) -> None:
    service.discard_own(unit, event.customer_id)


handler = consumer.handler(inbox)
