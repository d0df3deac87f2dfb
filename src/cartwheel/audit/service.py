"""The use case of the audit: append what staff did."""

from cartwheel.kernel import telemetry
from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.staff import StaffActed
from cartwheel.kernel.unit_of_work import UnitOfWork

from . import store


def append(unit: UnitOfWork, act: StaffActed) -> None:
    """The head that is logged is one that is stored: kept with the logs, it vouches for all entries up to it."""
    head = store.find_head(unit.store)
    if head.seq:
        telemetry.info("audit head", seq=head.seq, hash=head.hash)
    entry = head.next(unit.cause.causation_id, timestamp(now()), act)
    unit.write(*store.append(head, entry))
