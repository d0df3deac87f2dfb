"""Time in: orders that wait too long are cancelled; the other slices give back what they hold for them."""

from typing import Final

from cartwheel.kernel import schedule
from cartwheel.kernel.clock import now
from cartwheel.kernel.environment import Environment
from cartwheel.kernel.errors import Problem
from cartwheel.kernel.events import Cause
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.store import StoreError
from cartwheel.kernel.unit_of_work import UnitOfWork, run

from . import service, store
from .model import Moment, Order

MOST: Final = 200  # a run; what is left is found by the next


def cancel_overdue(environment: Environment) -> int:
    """Cancel the orders whose deadline has passed; answers how many. Raises ExceptionGroup, when all are tried."""
    moment = Moment(now(), environment.settings)
    cancelled, failures = 0, []
    for order_id in store.overdue(environment.store, moment.at, MOST):
        try:
            cancelled += _cancel(environment, order_id, moment)
        except (Problem, StoreError, ValueError) as failure:
            failures.append(failure)  # one order must not stand in the way of the others
    if failures:
        raise ExceptionGroup("orders past their deadline that could not be cancelled", failures)
    return cancelled


def _cancel(environment: Environment, order_id: str, moment: Moment) -> bool:
    """Whether it was cancelled: an order that moved on meanwhile is left alone."""

    def work(unit: UnitOfWork) -> bool:
        service.react(unit, order_id, moment, Order.expire)
        return bool(unit.writes)

    return run(environment.store, store.TABLE, Cause(new_id(), new_id()), work) is True


deadlines = schedule.handler(cancel_overdue)
