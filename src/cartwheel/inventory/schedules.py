"""Time in: reservations that nobody paid for in time are given back."""

from datetime import datetime

from cartwheel.kernel import schedule
from cartwheel.kernel.clock import now
from cartwheel.kernel.environment import Environment
from cartwheel.kernel.events import Cause
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.store import Store
from cartwheel.kernel.unit_of_work import run

from . import service, store


def expire_overdue(environment: Environment) -> int:
    """How many reservations were given back."""
    moment = now()
    return sum(_expire(environment.store, order_id, moment) for order_id in store.overdue(environment.store, moment))


def _expire(reader: Store, order_id: str, moment: datetime) -> bool:
    cause = Cause(new_id(), new_id())
    return run(reader, store.TABLE, cause, lambda unit: service.expire(unit, order_id, moment)) is True


expiry = schedule.handler(expire_overdue)
