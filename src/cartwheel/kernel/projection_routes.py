"""HTTP in: a projection is rebuilt beside the live one, compared with it, and put in its place. In its slice's own API.

POST   /projections/<name>/copies                    a fresh, empty copy, and the events it is made of
POST   /projections/<name>/copies/<id>/events        handled once more, into the copy
GET    /projections/<name>/copies/<id>/differences
POST   /projections/<name>/copies/<id>/swap          the live items become what was rebuilt
DELETE /projections/<name>/copies/<id>
"""

from typing import Annotated, Any, Final, Literal

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from pydantic import AwareDatetime, Field, StrictBool, StringConstraints

from . import http
from .comparison import Pair, page
from .envelope import Envelope
from .environment import environment
from .errors import Conflict, FieldError, Invalid
from .projection import Copy, Projected
from .replay import Replayed, replay
from .schema import Record, Request
from .store import MAX_PK_BYTES, MAX_SK_BYTES, Delete, Key
from .unit_of_work import UnitOfWork

MOST_EVENTS: Final = 100
MOST_ITEMS: Final = 50  # swapped in one transaction

Name = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Digest = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class BeginCopy(Request):
    """`whole`: every event that there is will be applied; then live items that no event made are differences, too."""

    whole: StrictBool


class EventType(Record):
    """A type of event, by who emits it."""

    source: str
    type: str


class CopyAnswer(Record):
    """A copy of a projection; `events` are the types it is made of, oldest first. It ends by itself at `expiresAt`."""

    copy_id: str
    projection: str
    whole: bool
    events: list[EventType]
    expires_at: int


class PastEvent(Request):
    """An event as `GET /events` lists it."""

    id: Name
    source: Name
    type: Name
    time: AwareDatetime
    detail: dict[str, Any]


class ApplyEvents(Request):
    """Events to handle once more, the oldest first."""

    events: Annotated[list[PastEvent], Field(min_length=1, max_length=MOST_EVENTS)]


class FailedEvent(Record):
    """An event whose handler failed, and why; it has changed nothing."""

    id: str
    error: str


class AppliedAnswer(Record):
    """How many events were applied now, how many had been before, and which could not be."""

    applied: int
    known: int
    failed: list[FailedEvent]


class DifferentField(Record):
    """An attribute of either side, null where it is not there. What is personal is `withheld`: only that it differs."""

    name: str
    live: Any = None
    rebuilt: Any = None
    withheld: bool = False


class Difference(Record):
    """An item that is not what its events come to: `missing` and `extra` are meant of the live one.

    `live` and `rebuilt` are digests: by them it is swapped if it still is as it was compared.
    """

    pk: str
    sk: str
    kind: Literal["missing", "extra", "changed"]
    fields: list[DifferentField]
    live: str | None
    rebuilt: str | None

    @classmethod
    def of(cls, pair: Pair) -> "Difference":
        live, rebuilt = pair.digests
        kind: Literal["missing", "extra", "changed"] = "missing" if not live else "extra" if not rebuilt else "changed"
        fields = [_field(pair, name) for name in pair.fields]
        return cls(pk=pair.key.pk, sk=pair.key.sk, kind=kind, fields=fields, live=live, rebuilt=rebuilt)


class DifferencePage(Record):
    """A page of what was compared: how many items, and those that differ. `next` is null after the last page."""

    compared: int
    items: list[Difference]
    next: str | None


class Swapped(Request):
    """A difference, as it was listed."""

    pk: Annotated[str, StringConstraints(min_length=1, max_length=MAX_PK_BYTES)]
    sk: Annotated[str, StringConstraints(min_length=1, max_length=MAX_SK_BYTES)]
    live: Digest | None = None
    rebuilt: Digest | None = None


class SwapItems(Request):
    """Which differences to settle."""

    items: Annotated[list[Swapped], Field(min_length=1, max_length=MOST_ITEMS)]


class SwapAnswer(Record):
    """How many live items were written and removed; those in `passed` had changed since they were compared."""

    written: int
    removed: int
    passed: list[str]


def add(app: APIGatewayHttpResolver, projected: Projected) -> None:
    """Give a slice's API the routes of one of its projections."""
    name, copies = projected.name, f"/projections/{projected.name}/copies"

    @app.post(copies, **http.route(f"Begin a fresh copy of {name}", CopyAnswer, status=201, role="staff"))
    def begin_copy(request: Annotated[BeginCopy, Body()]) -> Response[str]:
        return http.command(app, lambda unit: _begin(unit, projected, request.whole), status=201)

    @app.post(
        f"{copies}/<copy_id>/events",
        **http.route(f"Apply past events to a copy of {name}, with no other effect", AppliedAnswer, role="staff"),
    )
    def apply_events(copy_id: str, request: Annotated[ApplyEvents, Body()]) -> Response[str]:
        return http.command(app, lambda unit: _apply(unit, projected, copy_id, request))

    @app.get(
        f"{copies}/<copy_id>/differences",
        **http.route(f"Compare a copy of {name} with the live one", DifferencePage, role="staff"),
    )
    def list_differences(
        copy_id: str,
        limit: Annotated[int, Query(ge=1, le=100)] = 100,
        cursor: Annotated[str | None, Query()] = None,
    ) -> Response[str]:
        store = environment().store
        pairs, following = page(store, Copy.find(store, projected, copy_id), limit, cursor)
        items = [Difference.of(pair) for pair in pairs if pair.differs]
        return http.page(DifferencePage(compared=len(pairs), items=items, next=following))

    @app.post(
        f"{copies}/<copy_id>/swap",
        **http.route(f"Let live items of {name} be as a copy has them", SwapAnswer, role="staff"),
    )
    def swap_items(copy_id: str, request: Annotated[SwapItems, Body()]) -> Response[str]:
        return http.command(app, lambda unit: _swap(unit, projected, copy_id, request))

    @app.delete(f"{copies}/<copy_id>", **http.route(f"Discard a copy of {name}", None, status=204, role="staff"))
    def discard_copy(copy_id: str) -> Response[str]:
        return http.command(app, lambda unit: _discard(unit, projected, copy_id), status=204)


def _begin(unit: UnitOfWork, projected: Projected, whole: bool) -> CopyAnswer:
    copy = Copy.fresh(projected, whole)
    unit.write(copy.save())
    events = [EventType(source=each.source, type=each.detail_type()) for each in projected.events]
    return CopyAnswer(
        copy_id=copy.copy_id, projection=projected.name, whole=whole, events=events, expires_at=copy.expires_at
    )


def _apply(unit: UnitOfWork, projected: Projected, copy_id: str, request: ApplyEvents) -> AppliedAnswer:
    """In transactions of its own: so many events are more than one holds, and each has a mark in the copy anyway."""
    copy = Copy.find(unit.store, projected, copy_id)
    done: Replayed = replay(unit.store, copy, [_envelope(event) for event in request.events])
    failed = [FailedEvent(id=event_id, error=error) for event_id, error in done.failed.items()]
    return AppliedAnswer(applied=done.applied, known=done.known, failed=failed)


def _envelope(event: PastEvent) -> Envelope:
    return Envelope(event.id, event.source, event.type, event.time.isoformat(), event.detail)


def _swap(unit: UnitOfWork, projected: Projected, copy_id: str, request: SwapItems) -> SwapAnswer:
    """One transaction; when a live item changes meanwhile all is looked at again, and that one is passed."""
    copy = Copy.find(unit.store, projected, copy_id)
    passed = []
    for key, digests in {Key(each.pk, each.sk): (each.live, each.rebuilt) for each in request.items}.items():
        if not projected.covers(key):
            wrong = FieldError(field="body.items", reason=f"{key.pk!r} is no item of {projected.name}")
            raise Invalid(f"body.items: {wrong.reason}", [wrong])
        pair = Pair.at(unit.store, copy, key)
        if pair.digests != digests or not pair.differs:
            passed.append(key.pk)
        elif pair.rebuilt or pair.touched or copy.whole:
            unit.write(pair.write())
        else:
            raise Conflict(f"No event of this copy is about {key.pk!r}; only a whole copy tells what is extra.")
    removed = sum(isinstance(write, Delete) for write in unit.writes)
    return SwapAnswer(written=len(unit.writes) - removed, removed=removed, passed=passed)


def _discard(unit: UnitOfWork, projected: Projected, copy_id: str) -> None:
    """What it holds goes by expiry, which costs nothing."""
    unit.write(Delete(projected.table, Copy.find(unit.store, projected, copy_id).head))


def _field(pair: Pair, name: str) -> DifferentField:
    if name in pair.copy.projected.personal:
        return DifferentField(name=name, withheld=True)
    return DifferentField(name=name, live=(pair.live or {}).get(name), rebuilt=(pair.rebuilt or {}).get(name))
