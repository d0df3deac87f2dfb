"""Events in: what staff did, once each, one behind the other."""

from typing import Final

from cartwheel.kernel import consumer
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.staff import StaffActed
from cartwheel.kernel.unit_of_work import UnitOfWork

from . import service, store

trail: Final = Inbox("audit-trail", store.TABLE)


@trail.on(StaffActed, *StaffActed.model_fields)
def staff_acted(event: StaffActed, unit: UnitOfWork) -> None:
    service.append(unit, event)


handler = consumer.handler(trail)
