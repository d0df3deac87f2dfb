"""The use cases of baskets."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from cartwheel.kernel import telemetry
from cartwheel.kernel.caller import Caller
from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.environment import environment
from cartwheel.kernel.errors import FieldError, Invalid, NotFound
from cartwheel.kernel.export import sealed_content
from cartwheel.kernel.ids import is_id, is_sealed, is_synthetic, new_id, sealed_id
from cartwheel.kernel.money import MAX_AMOUNT
from cartwheel.kernel.store import Store
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.kernel.vault import seal_email

from . import store
from .answers import BasketAnswer, CheckoutAnswer
from .bodies import CheckOut
from .events import BasketExported, CheckedOutLine, CheckoutBasket
from .metrics import BASKETS_FILLED
from .model import Basket, Receipt, SoldOffer
from .quote import Quote


def open_basket(unit: UnitOfWork, caller: Caller) -> BasketAnswer:
    """A new basket for a guest; for a customer their own, on whatever device they ask."""
    moment = now()
    basket = _own(unit, caller.subject) if caller.subject else Basket(basket_id=new_id())
    return _saved(unit, basket.renewed(moment), moment)


def read(reader: Store, caller: Caller, basket_id: str) -> BasketAnswer:
    moment = now()
    basket = _find_open(reader, caller, basket_id)
    return BasketAnswer.of(basket, _quote(basket, _offers(reader, basket.skus), moment))


def put_line(unit: UnitOfWork, caller: Caller, basket_id: str, sku: str, quantity: int) -> BasketAnswer:
    """Set how many of a SKU are in the basket. Raises NotFound, Conflict when it is full, Invalid beyond all money."""
    moment = now()
    basket = _find_open(unit.store, caller, basket_id)
    offers = _offers(unit.store, {*basket.skus, sku})
    if sku not in offers:
        raise NotFound("This SKU is not sold here. GET /products lists what is.")
    changed = basket.with_line(offers[sku], quantity, moment)
    quote = _quote(changed, offers, moment)
    if quote.is_too_much:
        limit = f"the total must stay below {MAX_AMOUNT:,} {quote.currency}"
        raise Invalid(f"body.quantity: {limit}", [FieldError(field="body.quantity", reason=limit)])
    unit.write(store.save(changed))
    if not basket.lines and not _synthetic(unit):
        unit.measure(BASKETS_FILLED)
    return BasketAnswer.of(changed, quote)


def remove_line(unit: UnitOfWork, caller: Caller, basket_id: str, sku: str) -> BasketAnswer:
    moment = now()
    basket = _find_open(unit.store, caller, basket_id)
    if sku not in basket.skus:
        raise NotFound("This SKU is not in the basket.")
    return _saved(unit, basket.without_line(sku, moment), moment)


def discard(unit: UnitOfWork, caller: Caller, basket_id: str) -> None:
    unit.write(store.remove(_find_open(unit.store, caller, basket_id)))


def discard_own(unit: UnitOfWork, customer_id: str) -> None:
    """The customer's own basket, if there is one; nobody asks for it any more."""
    basket_id = store.find_own(unit.store, customer_id)
    if basket_id:
        unit.write(store.disown(customer_id, basket_id))
        basket = store.find(unit.store, basket_id)
        if basket and basket.is_open:
            unit.write(store.remove(basket))


def export(unit: UnitOfWork, export_id: str, customer_id: str) -> None:
    """Tell the customer's own basket."""
    basket_id = store.find_own(unit.store, customer_id)
    basket = store.find(unit.store, basket_id) if basket_id else None
    told = [basket.model_dump(mode="json", by_alias=True, include={"basket_id", "lines"})] if basket else []
    content = sealed_content(unit.store, customer_id, told)
    if content:
        unit.emit(BasketExported(export_id=export_id, customer_id=customer_id, page=0, content=content))


def claim(unit: UnitOfWork, customer_id: str, basket_id: str) -> BasketAnswer:
    """Merge a guest's basket into the customer's own. What is left of it remembers that, so a second claim is the same
    request again: it answers the customer's own basket."""
    moment = now()
    guest = store.find(unit.store, basket_id) if is_id(basket_id) else None
    if guest is None or guest.receipt or {guest.customer_id, guest.claimed_by} - {None, customer_id}:
        raise _unknown()
    own = _own(unit, customer_id)
    if guest.claimed_by or guest.customer_id:
        return _saved(unit, own.renewed(moment), moment)
    unit.write(store.save(guest.claimed(customer_id, moment)))
    return _saved(unit, own.merged_with(guest, moment), moment)


def check_out(unit: UnitOfWork, caller: Caller, basket_id: str, request: CheckOut) -> CheckoutAnswer:
    """Turn a basket into an order, at the prices of now, in one transaction with the event that says so.

    A receipt takes the basket's place: whoever checks out again, having missed the answer, gets the same order.
    """
    basket = _find(unit.store, caller, basket_id)
    if basket.receipt:
        return CheckoutAnswer.of(basket.receipt)
    moment = now()
    offers = _offers(unit.store, basket.skus)
    quote = _quote(basket, offers, moment)
    quote.check(request.expected_total, request.accept_price_changes)
    order_id = sealed_id(environment().settings.seal_key, _synthetic(unit))
    telemetry.about(order_id)
    receipt = Receipt(order_id=order_id, total=quote.total, currency=quote.currency)
    unit.write(store.save(basket.checked_out(receipt, moment)))
    unit.write(*(store.check_offer(offer) for offer in offers.values()))
    customer_id = basket.customer_id or (None if caller.is_staff else caller.subject)
    email = seal_email(unit, request.email, customer_id, order_id)
    unit.emit(_checkout(basket, receipt, quote, customer_id, email, request.payment_token))
    return CheckoutAnswer.of(receipt)


def _synthetic(unit: UnitOfWork) -> bool:
    """Whether the shop tries itself: its request names a story of its own, sealed, so that nobody else can say so."""
    story = unit.cause.correlation_id
    return is_synthetic(story) and is_sealed(story, environment().settings.seal_key)


def _checkout(
    basket: Basket,
    receipt: Receipt,
    quote: Quote,
    customer_id: str | None,
    email: str | None,
    payment_token: str | None,
) -> CheckoutBasket:
    lines = [
        CheckedOutLine(**quoted.line.model_dump(include={"sku", "name", "quantity"}), unit_price=quoted.price)
        for quoted in quote.lines
        if quoted.price is not None
    ]
    return CheckoutBasket(
        basket_id=basket.basket_id,
        order_id=receipt.order_id,
        lines=lines,
        currency=quote.currency,
        customer_id=customer_id,
        email=email,
        payment_token=payment_token,
    )


def _own(unit: UnitOfWork, customer_id: str) -> Basket:
    """The customer's open basket; if there is none, one that is new and not stored yet."""
    known = store.find_own(unit.store, customer_id)
    basket = store.find(unit.store, known) if known else None
    if basket and basket.is_open:
        return basket
    fresh = Basket(basket_id=new_id(), customer_id=customer_id)
    unit.write(store.make_own(customer_id, fresh.basket_id, known))
    return fresh


def _saved(unit: UnitOfWork, basket: Basket, moment: datetime) -> BasketAnswer:
    unit.write(store.save(basket))
    return BasketAnswer.of(basket, _quote(basket, _offers(unit.store, basket.skus), moment))


def _offers(reader: Store, skus: Iterable[str]) -> dict[str, SoldOffer]:
    currency = environment().settings.currency
    offers = store.find_offers(reader, skus)
    return {sku: offer for sku, offer in offers.items() if offer.currency == currency}


def _quote(basket: Basket, offers: Mapping[str, SoldOffer], moment: datetime) -> Quote:
    return Quote.of(basket, offers, environment().settings.currency, timestamp(moment))


def _find_open(reader: Store, caller: Caller, basket_id: str) -> Basket:
    basket = _find(reader, caller, basket_id)
    if not basket.is_open:
        raise _unknown()
    return basket


def _find(reader: Store, caller: Caller, basket_id: str) -> Basket:
    """The basket, or what became of it. Somebody else's does not exist for the caller."""
    basket = store.find(reader, basket_id) if is_id(basket_id) else None
    if basket is None or basket.claimed_by or not basket.belongs_to(caller):
        raise _unknown()
    return basket


def _unknown() -> NotFound:
    return NotFound("There is no such basket; it may have been checked out or expired. POST /baskets opens a new one.")
