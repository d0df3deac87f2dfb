"""A small API of its own: every kind of route that a slice can have."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Self

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from pydantic import Field, model_validator

from cartwheel.kernel import environment, http, store
from cartwheel.kernel.errors import Conflict, NotFound
from cartwheel.kernel.money import Amount, Currency, to_decimal, to_minor
from cartwheel.kernel.schema import Record, Request, Text
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.store import AccessDenied, Key, Put, Store
from cartwheel.kernel.unit_of_work import UnitOfWork
from tests.contract.adapters import THINGS
from tests.support.shop import Answer, Context, http_event

SECRET = "the secret of alice@example.com"


class PackBox(Request):
    box: Text
    price: Amount
    currency: Currency = "EUR"
    pieces: int = Field(default=1, ge=1, le=100)
    tags: list[str] = Field(default=[])

    @model_validator(mode="after")
    def exact(self) -> Self:
        to_minor(self.price, self.currency)
        return self


class Box(Record):
    box: str
    price: float | None = None


class Boxes(Record):
    items: list[Box]
    next: str | None = None


app = http.api(THINGS)


@app.post("/boxes", **http.route("Pack a box", Box, status=202))
def pack_box(box: Annotated[PackBox, Body()]) -> Response[str]:
    def work(unit: UnitOfWork) -> Box:
        minor = to_minor(box.price, box.currency)
        unit.write(Put(THINGS, {"PK": "boxes", "SK": box.box, "minor": minor}))
        return Box(box=box.box, price=float(to_decimal(minor, box.currency)))

    return http.command(app, work, status=202)


@app.post("/boxes/<box_id>/seal", **http.route("Seal a box", None, status=204, role="customer"))
def seal_box(box_id: str) -> Response[str]:
    def work(unit: UnitOfWork) -> None:
        if unit.store.get(THINGS, Key("boxes", box_id)) is None:
            raise NotFound("There is no such box.")
        unit.write(store.Update(THINGS, Key("boxes", box_id), add={"seals": 1}))

    return http.command(app, work, status=204)


@app.get("/boxes", **http.route("List the boxes", Boxes))
def list_boxes(limit: Annotated[int, Query(ge=1, le=100)] = 10, cursor: str | None = None) -> Response[str]:
    page = environment.environment().store.query(store.Query(THINGS, "boxes", limit=limit, cursor=cursor))
    return http.page(Boxes(items=[Box(box=item["SK"]) for item in page.items], next=page.next))


@app.get("/mine", **http.route("For customers", Box, role="customer"))
def mine() -> Response[str]:
    return http.answer(Box(box=str(http.caller(app).subject)))


@app.get("/staff", **http.route("For staff", Box, role="staff"))
def staff() -> Response[str]:
    return http.answer(Box(box="staff"), headers={"X-Own": "yes"})


@app.get("/fails/<how>", **http.route("Fail", Box))
def fails(how: str) -> Response[str]:
    raise {
        "unexpected": RuntimeError(SECRET),
        "denied": AccessDenied(SECRET),
        "invalid": ValueError(SECRET),
        "key": KeyError(SECRET),
        "conflict": Conflict("It is sealed.", headers={"X-Own": "yes"}),
    }[how]


handle = http.handler(app)


@dataclass(frozen=True)
class Shelf:
    """Calls the API as a host would."""

    store: Store

    def request(
        self,
        method: str,
        path: str,
        json: Any = None,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        body: str | None = None,
        change: Callable[[dict[str, Any]], Any] = lambda event: None,
    ) -> Answer:
        environment.install(environment.Environment("shelf-api", self.store, Settings()))
        event = http_event(method, path, json, token, headers or {}, body)
        change(event)
        answer = handle(event, Context("shelf-api"))
        return Answer(answer["statusCode"], answer.get("headers", {}), answer.get("body") or "")


def assert_problem(answer: Answer, *statuses: int) -> dict[str, Any]:
    """The document of a problem of one of the statuses."""
    assert answer.status in statuses, (answer.status, answer.body)
    assert answer.headers["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = json.loads(answer.body)
    assert document["status"] == answer.status
    assert document["type"].startswith("https://")
    assert {"title", "detail"} <= document.keys() <= {"type", "title", "status", "detail", "errors"}
    return document
