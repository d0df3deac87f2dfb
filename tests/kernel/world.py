"""What the kernel's tests share: two events, a box and doubles of the ports that fail on demand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cartwheel.kernel.bus import Rejected
from cartwheel.kernel.events import Cause, Envelope, Event
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.store import Item, Key, Put, Query, Store, Update, Write
from cartwheel.kernel.unit_of_work import UnitOfWork
from tests.contract.adapters import THINGS
from tests.support.store import Wrapped


class Packed(Event, source="test", subject="box"):
    """A piece was put into a box. The bus of the contract suite carries it to `all-things`."""

    box: str
    weight: int = 1
    note: str | None = None


class Sent(Event, source="test", subject="box"):
    """A box was sent."""

    box: str


def cause() -> Cause:
    return Cause(new_id(), new_id())


def envelope(event: Event, because: Cause | None = None) -> Envelope:
    return Envelope.of(event, because or cause())


def box_key(box: str) -> Key:
    return Key(box, "box")


def weight(store: Store, box: str) -> int:
    item = store.get(THINGS, box_key(box))
    return int(item["weight"]) if item else 0


def pack(unit: UnitOfWork, box: str, more: int = 1) -> None:
    """Doing it twice shows: the weight is added, not set."""
    unit.write(Update(THINGS, box_key(box), add={"weight": more}))


def everything(store: Store, *boxes: str) -> list[Item]:
    """All items that are in the boxes' partitions."""
    return [item for box in boxes for item in store.query(Query(THINGS, box)).items]


def put(box: str, **attributes: object) -> Put:
    return Put(THINGS, {"PK": box, "SK": "box", **attributes})


class Overtaken(Wrapped):
    """A store where, just before each of the first transactions, somebody else acts."""

    def __init__(self, store: Store, rivals: list[Callable[[], None]]) -> None:
        super().__init__(store)
        self._rivals = iter(rivals)

    def transact(self, writes: Sequence[Write]) -> None:
        next(self._rivals, lambda: None)()
        super().transact(writes)


class Crash(Exception):
    """The process ends here."""


@dataclass
class FakeBus:
    """Takes everything, except the entries of the subjects it is told to reject."""

    rejects: set[str] = field(default_factory=set)
    published: list[Envelope] = field(default_factory=list)

    def publish(self, entries: Sequence[Envelope]) -> list[Rejected]:
        rejected = [Rejected(at, "too hot") for at, entry in enumerate(entries) if entry.subject in self.rejects]
        positions = {rejection.position for rejection in rejected}
        self.published += [entry for at, entry in enumerate(entries) if at not in positions]
        return rejected

    @property
    def subjects(self) -> list[str | None]:
        return [entry.subject for entry in self.published]
