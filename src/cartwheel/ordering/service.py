"""What can be done with orders: one call, one transaction."""

from collections.abc import Callable
from datetime import date
from typing import Any

from cartwheel.basket.events import CheckoutBasket
from cartwheel.kernel import telemetry
from cartwheel.kernel.caller import Caller
from cartwheel.kernel.clock import now
from cartwheel.kernel.environment import environment
from cartwheel.kernel.errors import Conflict, Forbidden, NotFound
from cartwheel.kernel.export import fitting, sealed_content
from cartwheel.kernel.ids import is_id, is_sealed, minted_at, sealed_id
from cartwheel.kernel.inbox import REMEMBERED
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.store import Store
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.kernel.vault import EMAIL, Opener, entrust, opener, seal_email

from . import store as orders
from .answers import OrderAnswer
from .events import CancelReason, OrdersExported, OrderSubmitted, PaymentInstruction
from .model import Line, Moment, Order, Step


def present() -> Moment:
    """This moment, with the settings of this environment."""
    return Moment(now(), environment().settings)


def submit(
    unit: UnitOfWork, payment: PaymentInstruction, customer_id: str | None, email: str | None, moment: Moment
) -> Order:
    """Accept a direct order; the queue's worker places it."""
    order_id = sealed_id(moment.settings.seal_key)
    telemetry.about(order_id)
    sealed = seal_email(unit, email, customer_id, order_id)
    order = Order.submit(order_id, payment, moment, customer_id=customer_id, email=sealed)
    unit.write(orders.create(order))
    unit.emit(OrderSubmitted(order_id=order_id))
    return order


def check_out(unit: UnitOfWork, basket: CheckoutBasket, moment: Moment) -> None:
    """Create and place the order of a basket. Its id came with the event, so however often that comes, it is one."""
    if orders.find(unit.store, basket.order_id):
        return
    lines = [Line.model_validate(line.model_dump()) for line in basket.lines]
    total = sum(line.quantity * line.unit_price for line in lines)
    payment = PaymentInstruction(amount=total, currency=basket.currency, token=basket.payment_token)
    checked_out = Moment(minted_at(basket.order_id), moment.settings)
    order = Order.submit(
        basket.order_id, payment, checked_out, lines, customer_id=basket.customer_id, email=basket.email
    )
    placed = order.place(moment)
    unit.write(orders.create(placed.order))
    unit.emit(*placed.events)


def change(unit: UnitOfWork, order_id: str, moment: Moment, decide: Callable[[Order, Moment], Step]) -> Order:
    """Let the model decide, and store what it decided with the events that follow; answers the order as it is then.

    Raises NotFound, Conflict while the checkout's event is still on its way, and what the model refuses.
    """
    return _decide(unit, known(unit.store, order_id, moment.settings), moment, decide)


def react(unit: UnitOfWork, order_id: str, moment: Moment, decide: Callable[[Order, Moment], Step]) -> None:
    """The same for an id that comes from the shop itself, so it need not be proved to: no secret is needed here."""
    _decide(unit, orders.find(unit.store, order_id), moment, decide)


def _decide(unit: UnitOfWork, order: Order | None, moment: Moment, decide: Callable[[Order, Moment], Step]) -> Order:
    if order is None:
        raise Conflict("The order is still on its way from its checkout; try again in a moment.")
    step = decide(order, moment)
    if step.order is not order:
        unit.write(orders.save(step.order))
        unit.emit(*step.events)
    return step.order


def export(unit: UnitOfWork, export_id: str, customer_id: str, page: int = 0, cursor: str | None = None) -> None:
    """Tell a page of the customer's orders, newest first."""
    opened = opener(unit.store)

    def some(limit: int) -> tuple[list[dict[str, Any]], str | None]:
        found, following = orders.of_customer(unit.store, customer_id, (date.min, date.max), limit, cursor)
        return [_told(order, opened) for order in found], following

    told, following = fitting(some)
    content = sealed_content(unit.store, customer_id, told)
    if content:
        unit.emit(
            OrdersExported(
                export_id=export_id, customer_id=customer_id, page=page, content=content, following=following
            )
        )


def _told(order: Order, opened: Opener) -> dict[str, Any]:
    email = opened(EMAIL, order.email) if order.email else None
    return OrderAnswer.of(order).model_dump(mode="json", by_alias=True, exclude_none=True) | {"email": email}


def cancel(unit: UnitOfWork, order_id: str, caller: Caller, moment: Moment) -> Order:
    """Cancel on request of the owner or of staff. Raises NotFound, Forbidden, Conflict."""

    def decide(order: Order, moment: Moment) -> Step:
        check_visible(order, caller)
        own = order.customer_id == caller.subject
        if not (own or caller.is_staff):
            raise Forbidden("A guest's order is cancelled by staff, or by who has claimed it: POST /orders/{id}/claim.")
        return order.cancel(CancelReason.BY_CUSTOMER if own else CancelReason.BY_SHOP, moment)

    return change(unit, order_id, moment, decide)


def claim(unit: UnitOfWork, order_id: str, caller: Caller, moment: Moment) -> Order:
    """A guest's order becomes that of the customer who knows its id, and its address theirs to have erased; once more
    is fine. Raises NotFound, Forbidden, Conflict, Erased.
    """
    customer_id = caller.subject
    assert customer_id is not None  # the route's role demands one

    def decide(order: Order, _: Moment) -> Step:
        if caller.is_staff:
            raise Forbidden("Staff see the id of every order, so that they know one does not make it theirs.")
        check_visible(order, caller)
        return Step(order.claim(customer_id))

    claimed = change(unit, order_id, moment, decide)
    if unit.writes:
        entrust(unit, order_id, customer_id)
    return claimed


def known(store: Store, order_id: str, settings: Settings) -> Order | None:
    """The order; None while the event of its checkout is on its way. Raises NotFound."""
    order = orders.find(store, order_id) if is_id(order_id) else None
    if order is None and not _on_its_way(order_id, settings):
        raise unknown()
    return order


def _on_its_way(order_id: str, settings: Settings) -> bool:
    """Whether the shop minted the id, and no longer ago than an event can wait in a queue and its dead letters."""
    return is_sealed(order_id, settings.seal_key) and now() - minted_at(order_id) < REMEMBERED


def check_visible(order: Order, caller: Caller) -> None:
    """A guest's order shows itself to who knows its id; a customer's to its owner and to staff. Raises NotFound."""
    if order.customer_id not in (None, caller.subject) and not caller.is_staff:
        raise unknown()


def unknown() -> NotFound:
    return NotFound("There is no order of this id.")
