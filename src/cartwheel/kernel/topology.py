"""The vocabulary of the map: what a slice can declare. Plain facts; each host walks them and makes them real."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, Literal

from .alarms import Alarm
from .dashboard import NOTHING, Watched
from .events import Event
from .metrics import Metric
from .outbox import INDEX as OUTBOX_INDEX
from .settings import Secret, Settings
from .staff import StaffActed
from .throttle import Pace, Rate
from .vault import TABLE as VAULT

SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True)
class Index:
    """A second way to query a table: by the named attributes. Items without them are not in it (sparse)."""

    name: str
    partition: str
    sort: str


@dataclass(frozen=True)
class Table:
    """A table: PK, SK, `expiresAt`, and the index of its outbox unless nothing is ever told of what is in it."""

    name: str
    indexes: tuple[Index, ...] = ()
    outbox: bool = True

    @property
    def all_indexes(self) -> tuple[Index, ...]:
        return (*self.indexes, Index(OUTBOX_INDEX, "outboxShard", "outboxId")) if self.outbox else self.indexes


@dataclass(frozen=True)
class Function:
    """Code that a host invokes. `handler` is `module:attribute`, imported only where it runs.

    `access` lists the store actions on the slice's own table that it may use, `query <index>` for one of its indexes,
    `seal`, `open` and `forget` for the keys of personal data, `publish` if it may put events onto the bus by itself,
    `journal` if it may read what all functions log and what queues hold, `identity` if it may end accounts of the user
    pool, and `visit` if it is told where the shop answers HTTP; anything else is refused.
    `concurrency` bounds how many invocations run at once (None: the host's own bound). `secrets` names the settings
    that are secret and that it needs; the others are withheld from it. `outside` names what it calls that is no part
    of the shop.
    """

    name: str
    handler: str
    access: frozenset[str]
    timeout: timedelta = 10 * SECOND
    concurrency: int | None = None
    secrets: tuple[Secret, ...] = ()
    outside: str | None = None


@dataclass(frozen=True)
class Projection:
    """Items that a consumer makes of its events and of nothing else: they can be rebuilt, compared and repaired.

    `definition` (`module:attribute`) is the `Projected` that says which items; the slice's API has the routes for it.
    """

    name: str
    consumer: str
    definition: str


@dataclass(frozen=True)
class Consumer:
    """A function behind its own queue, and the patterns of the events that are routed there."""

    function: Function
    subscriptions: tuple[dict[str, Any], ...]
    batch: int = 10
    max_receives: int = 5
    retry_delay: timedelta = 1 * SECOND  # doubled at each further failure
    retention: timedelta = timedelta(days=4)
    dead_letter_retention: timedelta = timedelta(days=14)

    @property
    def name(self) -> str:
        return self.function.name

    @property
    def gathers(self) -> bool:
        """Whether messages wait for others of their batch, for a moment: AWS wants that for more than ten."""
        return self.batch > 10

    @property
    def visibility(self) -> timedelta:
        """How long a received message is hidden: six times the function's timeout, as AWS advises."""
        return 6 * self.function.timeout


@dataclass(frozen=True)
class Schedule:
    """A function that is invoked every so often. It is there only where the setting that `switch` names is given, and
    with it what of the slice is `watched` for its sake.
    """

    function: Function
    every: timedelta
    switch: str | None = None
    watched: Watched = NOTHING


@dataclass(frozen=True)
class Trigger:
    """A function that the user pool calls with an event of Cognito's form, `on` a moment in an account's life.

    It answers the event. When it fails, so does what the customer was about to do, and they can do it again.
    """

    function: Function
    on: Literal["PostConfirmation"] = "PostConfirmation"


@dataclass(frozen=True)
class Slice:
    """A vertical part of the shop: its table, its way in by HTTP, by events and by time, and what it announces.

    `invoked` are functions that others call by name, with Lambda's own call; `triggers` those that the user pool calls.
    `watched` says what it measures, what of that is an alarm, and what is shown.
    """

    name: str
    table: Table
    api: Function | None = None
    consumers: tuple[Consumer, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    invoked: tuple[Function, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    emits: tuple[type[Event], ...] = ()
    projections: tuple[Projection, ...] = ()
    watched: Watched = field(default=NOTHING)

    def __post_init__(self) -> None:
        """Raises ValueError for a projection whose events cannot be handled again without an effect outside."""
        consumers = {consumer.name: consumer.function for consumer in self.consumers}
        for projection in self.projections:
            function = consumers.get(projection.consumer)
            if function is None:
                raise ValueError(
                    f"{projection.name} is to be made by {projection.consumer}, no consumer of {self.name}"
                )
            if function.outside:
                raise ValueError(
                    f"{projection.name} cannot be a projection: {function.name} calls {function.outside}, and would "
                    "again in every replay"
                )

    @property
    def metrics(self) -> list[Metric]:
        return [metric for watched in self.all_watched for metric in watched.metrics]

    @property
    def alarms(self) -> list[Alarm]:
        return [alarm for watched in self.all_watched for alarm in watched.alarms]

    @property
    def all_watched(self) -> list[Watched]:
        return [self.watched, *(schedule.watched for schedule in self.schedules)]

    def switched(self, settings: Settings) -> "Slice":
        """The slice without the schedules that the settings leave off."""
        on = [each for each in self.schedules if each.switch is None or getattr(settings, each.switch)]
        return replace(self, schedules=tuple(on))

    @property
    def functions(self) -> Iterator[Function]:
        if self.api:
            yield self.api
        yield from (consumer.function for consumer in self.consumers)
        yield from (schedule.function for schedule in self.schedules)
        yield from self.invoked
        yield from (trigger.function for trigger in self.triggers)


@dataclass(frozen=True)
class App:
    """The whole system: the slices, the table of the keys of personal data, which is no slice's own, and the `common`
    events, which the runner of any slice emits.

    `rates` bound how often one client may ask; on AWS they bound each route, for all clients together.
    """

    slices: tuple[Slice, ...] = field(default=())
    rates: Mapping[Pace, Rate] = field(default_factory=dict)
    vault: Table = Table(VAULT, outbox=False)
    common: tuple[type[Event], ...] = (StaffActed,)

    def switched(self, settings: Settings) -> "App":
        """The system as it runs with the settings: each host begins with that."""
        return replace(self, slices=tuple(part.switched(settings) for part in self.slices))

    @property
    def tables(self) -> list[Table]:
        return [*(part.table for part in self.slices), self.vault]

    @property
    def consumers(self) -> list[Consumer]:
        return [consumer for part in self.slices for consumer in part.consumers]

    @property
    def schedules(self) -> list[Schedule]:
        return [schedule for part in self.slices for schedule in part.schedules]

    @property
    def invoked(self) -> list[Function]:
        return [function for part in self.slices for function in part.invoked]

    @property
    def projections(self) -> list[Projection]:
        return [projection for part in self.slices for projection in part.projections]

    @property
    def triggers(self) -> list[Trigger]:
        return [trigger for part in self.slices for trigger in part.triggers]

    @property
    def functions(self) -> dict[str, tuple[Function, Slice]]:
        """Every function by name, with the slice it belongs to."""
        return {function.name: (function, part) for part in self.slices for function in part.functions}


def access(*actions: str) -> frozenset[str]:
    return frozenset(actions)


def table(name: str, *indexes: str, **more: Any) -> Table:
    """A table; each index is its name, its partition and its sort attribute, such as `by-due dueShard dueKey`."""
    return Table(name, tuple(Index(*index.split()) for index in indexes), **more)


def function(name: str, place: str, may: str, **more: Any) -> Function:
    """A function of the shop: `place` is where in the package, `module:attribute`; it may `get, query by-name, put`."""
    return Function(name, f"cartwheel.{place}", access(*may.split(", ")), **more)


def to(*event_types: type[Event]) -> tuple[dict[str, Any], ...]:
    """Subscriptions to event types, one pattern per source."""
    sources = sorted({event_type.source for event_type in event_types})
    return tuple(
        {"source": [source], "detail-type": [e.detail_type() for e in event_types if e.source == source]}
        for source in sources
    )
