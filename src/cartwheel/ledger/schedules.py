"""Time in: once a day the shop is reconciled, and each quarter of an hour compared with what is usual."""

from datetime import timedelta
from typing import Final

from cartwheel.kernel import schedule
from cartwheel.kernel.clock import now
from cartwheel.kernel.environment import Environment
from cartwheel.kernel.events import Cause
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.unit_of_work import UnitOfWork, run

from . import reconciliation, runs, store, usual

DAY: Final = timedelta(hours=23)  # the schedule looks each hour: so it runs daily, also on a host that restarts daily


def begin_daily(environment: Environment) -> int:
    """How many runs were begun: one, unless today's was begun before."""

    def work(unit: UnitOfWork) -> bool:
        moment = now()
        claim = runs.today(unit.store, moment, DAY)
        if claim:
            unit.write(claim)
            reconciliation.start(unit, moment, Settings.duration(environment.settings.reconciliation_grace))
        return claim is not None

    return int(run(environment.store, store.TABLE, Cause(new_id(), new_id()), work) is True)


daily = schedule.handler(begin_daily)
pace = schedule.handler(usual.compare)
