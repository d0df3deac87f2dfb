"""The use cases of inventory."""

from datetime import datetime, timedelta

from cartwheel.catalog.events import StockCounted
from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.errors import Conflict, NotFound
from cartwheel.kernel.store import Store
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.ordering.events import OrderPlaced

from . import model, store
from .events import StockAdjusted, StockLow, StockRejected, StockReleased, StockReserved
from .model import Reservation, State, Stock


def reserve(unit: UnitOfWork, order: OrderPlaced, lifetime: timedelta) -> None:
    """Reserve every line of an order or none. Nothing is done if that was decided before, or it was cancelled first."""
    if store.find_reservation(unit.store, order.order_id):
        return
    pieces = model.wanted(order.lines)
    stocks = store.find_stocks(unit.store, pieces)
    moment = now()
    reservation = Reservation(
        order_id=order.order_id,
        state="RESERVED",
        lines=pieces,
        reserved_at=timestamp(moment),
        deadline=timestamp(moment + lifetime),
    )
    if shortages := model.shortages(pieces, stocks):
        unit.write(store.save(reservation.becomes("REJECTED")))
        unit.emit(StockRejected(order_id=order.order_id, shortages=shortages))
        return
    held = model.tracked(pieces, stocks)
    _take(unit, held, stocks, reserve=True)
    unit.write(store.save(reservation.becomes("RESERVED", held)))
    unit.emit(StockReserved(order_id=order.order_id, payment=order.payment))


def confirm(unit: UnitOfWork, order_id: str) -> None:
    """What was reserved is sold. If the reservation expired before, the pieces are taken anew or the order rejected."""
    reservation = store.find_reservation(unit.store, order_id)
    if reservation is None:
        return  # an order is only confirmed after its reservation, so this is none of ours
    if reservation.state == "RESERVED":
        unit.write(*(store.sell(sku, quantity) for sku, quantity in reservation.held.items()))
        unit.write(store.save(reservation.becomes("SOLD"), "RESERVED"))
    if reservation.state == "EXPIRED":
        _sell_after_expiry(unit, reservation)


def _sell_after_expiry(unit: UnitOfWork, reservation: Reservation) -> None:
    stocks = store.find_stocks(unit.store, reservation.lines)
    if shortages := model.shortages(reservation.lines, stocks):
        unit.write(store.save(reservation.becomes("REJECTED"), "EXPIRED"))
        unit.emit(StockRejected(order_id=reservation.order_id, shortages=shortages))
        return
    held = model.tracked(reservation.lines, stocks)
    _take(unit, held, stocks, reserve=False)
    unit.write(store.save(reservation.becomes("SOLD", held), "EXPIRED"))


def cancel(unit: UnitOfWork, order_id: str) -> None:
    """Give back what an order holds; one that is not placed yet will find itself cancelled."""
    reservation = store.find_reservation(unit.store, order_id)
    if reservation is None:
        unit.write(store.save(Reservation(order_id=order_id, state="CANCELLED")))
    elif reservation.state in ("RESERVED", "SOLD"):
        _release(unit, reservation, "CANCELLED")
    elif reservation.state == "EXPIRED":
        unit.write(store.save(reservation.becomes("CANCELLED"), "EXPIRED"))  # so that a late confirmation takes nothing


def expire(unit: UnitOfWork, order_id: str, moment: datetime) -> bool:
    """Give back a reservation that has passed its deadline; False when it was confirmed or cancelled meanwhile."""
    reservation = store.find_reservation(unit.store, order_id)
    if reservation is None or reservation.state != "RESERVED" or (reservation.deadline or "") > timestamp(moment):
        return False
    _release(unit, reservation, "EXPIRED")
    return True


def _release(unit: UnitOfWork, reservation: Reservation, state: State) -> None:
    stocks = store.find_stocks(unit.store, reservation.held)
    reserved = reservation.state == "RESERVED"
    for sku, quantity in reservation.held.items():
        unit.write(store.give_back(stocks[sku], quantity, reserved=reserved))
    unit.write(store.save(reservation.becomes(state), reservation.state))
    unit.emit(StockReleased(order_id=reservation.order_id, reason=state.lower()))


def _take(unit: UnitOfWork, held: dict[str, int], stocks: dict[str, Stock], *, reserve: bool) -> None:
    for sku, quantity in held.items():
        unit.write(store.take(stocks[sku], quantity, reserve=reserve))
        if stocks[sku].falls_low(quantity):
            unit.emit(StockLow(sku=sku, available=stocks[sku].available - quantity))


def find(reader: Store, sku: str) -> Stock:
    stock = store.find_stock(reader, sku)
    if stock is None:
        raise NotFound("No stock is known for this SKU.")
    return stock


def count(unit: UnitOfWork, event: StockCounted) -> None:
    """Take over a count, unless a later one is known."""
    stock = store.find_stock(unit.store, event.sku)
    if stock is None:
        unit.write(*store.create(Stock(sku=event.sku).counted(event.quantity, event.counted_at)))
    elif stock.counted_at < event.counted_at:
        unit.write(store.recount(stock, stock.counted(event.quantity, event.counted_at)))


def set_stock(unit: UnitOfWork, sku: str, quantity: int, low_mark: int | None) -> Stock:
    """Staff counted all unsold pieces, reserved ones included."""
    before = store.find_stock(unit.store, sku)
    known = before or Stock(sku=sku)
    after = known.counted(quantity, timestamp(now()))
    if low_mark is not None:
        after = after.model_copy(update={"low_mark": low_mark})
    unit.write(*([store.recount(before, after)] if before else store.create(after)))
    unit.emit(StockAdjusted(sku=sku, by=after.available - known.available, reason="counted"))
    return after


def adjust(unit: UnitOfWork, sku: str, by: int, reason: str) -> Stock:
    """Staff found some pieces more or less."""
    stock = find(unit.store, sku)
    if not stock.tracked:
        raise Conflict("The stock of this SKU is not tracked; set it with PUT /stock/{sku} first.")
    if not stock.has(-by):
        raise Conflict(f"Only {stock.available} pieces are available; stock cannot fall below zero.")
    if by < 0:
        _take(unit, {sku: -by}, {sku: stock}, reserve=False)
    else:
        unit.write(store.give_back(stock, by, reserved=False))
    unit.emit(StockAdjusted(sku=sku, by=by, reason=reason))
    return stock.adjusted(by)
