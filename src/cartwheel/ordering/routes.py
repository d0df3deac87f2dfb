"""HTTP in: orders."""

from collections.abc import Callable
from datetime import date
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from cartwheel.kernel import http
from cartwheel.kernel.environment import environment
from cartwheel.kernel.errors import FieldError, Forbidden, Invalid
from cartwheel.kernel.money import to_minor
from cartwheel.kernel.unit_of_work import UnitOfWork

from . import service, store
from .answers import AcceptedOrder, OrderAnswer, OrderPage
from .bodies import CreateOrder, Day
from .events import PaymentInstruction
from .model import Moment, Order, Status, Step

app = http.api("ordering")


@app.post("/orders", **http.route("Order an amount", AcceptedOrder, status=202))
def create_order(order: Annotated[CreateOrder, Body()]) -> Response[str]:
    amount = to_minor(order.amount, order.currency)
    payment = PaymentInstruction(amount=amount, currency=order.currency, token=order.payment_token)
    customer_id, moment = http.caller(app).subject, service.present()

    def work(unit: UnitOfWork) -> AcceptedOrder:
        accepted = service.submit(unit, payment, customer_id, order.email, moment)
        return AcceptedOrder(order_id=accepted.order_id, status=accepted.status)

    return http.command(app, work, status=202)


@app.get("/orders/<order_id>", **http.route("Read an order", OrderAnswer))
def read_order(order_id: str) -> Response[str]:
    here = environment()
    order = service.known(here.store, order_id, here.settings)
    if order is None:
        return http.answer(OrderAnswer(order_id=order_id, status=Status.PENDING))
    service.check_visible(order, http.caller(app))
    return http.answer(OrderAnswer.of(order))


@app.get(
    "/orders",
    **http.route("List a customer's orders, newest first", OrderPage, role="customer"),
    openapi_extensions=http.READS_PERSONAL,
)
def list_orders(
    first: Annotated[Day | None, Query(alias="from", description="The first day, UTC.")] = None,
    last: Annotated[Day | None, Query(alias="to", description="The last day, UTC, included.")] = None,
    customer: Annotated[str | None, Query(max_length=200, description="Whose orders; only staff may ask.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query()] = None,
) -> Response[str]:
    days = first or date.min, last or date.max
    if days[0] > days[1]:
        raise Invalid("query.from: is later than `to`", [FieldError(field="query.from", reason="is later than `to`")])
    orders, following = store.of_customer(environment().store, _whose(customer), days, limit, cursor)
    return http.page(OrderPage(items=[OrderAnswer.of(order) for order in orders], next=following))


@app.post("/orders/<order_id>/cancel", **http.route("Cancel an order", OrderAnswer, role="customer"))
def cancel_order(order_id: str) -> Response[str]:
    caller, moment = http.caller(app), service.present()
    return http.command(app, lambda unit: OrderAnswer.of(service.cancel(unit, order_id, caller, moment)))


@app.post("/orders/<order_id>/claim", **http.route("Make a guest's order one's own", OrderAnswer, role="customer"))
def claim_order(order_id: str) -> Response[str]:
    caller, moment = http.caller(app), service.present()
    return http.command(app, lambda unit: OrderAnswer.of(service.claim(unit, order_id, caller, moment)))


@app.post("/orders/<order_id>/fulfil", **http.route("Tell that the goods are sent", OrderAnswer, role="staff"))
def fulfil_order(order_id: str) -> Response[str]:
    return _change(order_id, Order.fulfil)


@app.post("/orders/<order_id>/refund", **http.route("Give the money back", OrderAnswer, role="staff"))
def refund_order(order_id: str) -> Response[str]:
    return _change(order_id, Order.refund)


def _change(order_id: str, decide: Callable[[Order, Moment], Step]) -> Response[str]:
    moment = service.present()
    return http.command(app, lambda unit: OrderAnswer.of(service.change(unit, order_id, moment, decide)))


def _whose(customer: str | None) -> str:
    caller = http.caller(app)
    assert caller.subject is not None  # the route's role demands one
    if customer not in (None, caller.subject) and not caller.is_staff:
        raise Forbidden("Only staff may list the orders of others.")
    return customer or caller.subject


handler = http.handler(app)
