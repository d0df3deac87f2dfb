"""HTTP in: stock for staff, availability for everybody."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from pydantic import Field

from cartwheel.kernel import http
from cartwheel.kernel.environment import environment
from cartwheel.kernel.errors import Invalid
from cartwheel.kernel.schema import Record, Request, Text

from . import service, store
from .model import Level, Stock

MAX_PIECES = 1_000_000_000
MAX_SKU = 100

app = http.api("inventory")

Pieces = Annotated[int, Field(strict=True, ge=0, le=MAX_PIECES)]


class StockPage(Record):
    items: list[Stock]
    next: str | None


class Availability(Record):
    """How a SKU can be had; the public does not learn how many there are."""

    sku: str
    available: Level


class SetStock(Request):
    """All unsold pieces, reserved ones included, and optionally the mark at which stock is low."""

    quantity: Pieces
    low_mark: Pieces | None = None


class AdjustStock(Request):
    """Pieces more or less than before, and why."""

    by: Annotated[int, Field(strict=True, ge=-MAX_PIECES, le=MAX_PIECES)]
    reason: Text


@app.get("/stock", **http.route("List the stock of all SKUs", StockPage, role="staff"))
def list_stock(limit: Annotated[int, Query(ge=1, le=100)] = 20, cursor: str | None = None) -> Response[str]:
    items, after = store.list_stock(environment().store, limit, cursor)
    return http.page(StockPage(items=items, next=after))


@app.get("/stock/<sku>", **http.route("Read the stock of a SKU", Stock, role="staff"))
def get_stock(sku: str) -> Response[str]:
    return http.answer(service.find(environment().store, sku))


@app.put("/stock/<sku>", **http.route("Set the stock of a SKU to what was counted", Stock, role="staff"))
def set_stock(sku: str, count: Annotated[SetStock, Body()]) -> Response[str]:
    if len(sku) > MAX_SKU:
        raise Invalid(f"A SKU has at most {MAX_SKU} characters.")
    return http.command(app, lambda unit: service.set_stock(unit, sku, count.quantity, count.low_mark))


@app.post("/stock/<sku>/adjust", **http.route("Change the stock of a SKU by some pieces", Stock, role="staff"))
def adjust_stock(sku: str, change: Annotated[AdjustStock, Body()]) -> Response[str]:
    return http.command(app, lambda unit: service.adjust(unit, sku, change.by, change.reason))


@app.get("/availability/<sku>", **http.route("Read whether a SKU can be had", Availability))
def get_availability(sku: str) -> Response[str]:
    return http.answer(Availability(sku=sku, available=service.find(environment().store, sku).level))


handler = http.handler(app)
