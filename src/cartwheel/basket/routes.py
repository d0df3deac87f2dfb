"""HTTP in: baskets."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from cartwheel.kernel import http, projection_routes
from cartwheel.kernel.environment import environment

from . import service
from .answers import BasketAnswer, CheckoutAnswer
from .bodies import CheckOut, PutLine
from .rebuilt import PRICES

app = http.api("basket")


@app.post("/baskets", **http.route("Open a basket", BasketAnswer, status=201))
def open_basket() -> Response[str]:
    caller = http.caller(app)
    return http.command(app, lambda unit: service.open_basket(unit, caller), status=201)


@app.get("/baskets/<basket_id>", **http.route("Read a basket at the prices of now", BasketAnswer))
def get_basket(basket_id: str) -> Response[str]:
    return http.answer(service.read(environment().store, http.caller(app), basket_id))


@app.delete("/baskets/<basket_id>", **http.route("Discard a basket", None, status=204))
def discard_basket(basket_id: str) -> Response[str]:
    caller = http.caller(app)
    return http.command(app, lambda unit: service.discard(unit, caller, basket_id), status=204)


@app.put("/baskets/<basket_id>/lines/<sku>", **http.route("Set how many of a SKU are in a basket", BasketAnswer))
def put_line(basket_id: str, sku: str, line: Annotated[PutLine, Body()]) -> Response[str]:
    caller = http.caller(app)
    return http.command(app, lambda unit: service.put_line(unit, caller, basket_id, sku, line.quantity))


@app.delete("/baskets/<basket_id>/lines/<sku>", **http.route("Remove a SKU from a basket", BasketAnswer))
def remove_line(basket_id: str, sku: str) -> Response[str]:
    caller = http.caller(app)
    return http.command(app, lambda unit: service.remove_line(unit, caller, basket_id, sku))


@app.post("/baskets/<basket_id>/checkout", **http.route("Check out a basket", CheckoutAnswer, status=202))
def check_out(basket_id: str, request: Annotated[CheckOut | None, Body()] = None) -> Response[str]:
    caller = http.caller(app)
    return http.command(app, lambda unit: service.check_out(unit, caller, basket_id, request or CheckOut()), status=202)


@app.post(
    "/baskets/<basket_id>/claim",
    **http.route("Merge a guest's basket into the customer's own", BasketAnswer, role="customer"),
)
def claim_basket(basket_id: str) -> Response[str]:
    customer_id = http.caller(app).subject
    assert customer_id is not None  # the route's role demands one
    return http.command(app, lambda unit: service.claim(unit, customer_id, basket_id))


projection_routes.add(app, PRICES)
handler = http.handler(app)
