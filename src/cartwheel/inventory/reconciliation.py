"""Reconciliation: reservations are compared with the orders that others state, and stocks with their books.

What is reserved of a SKU must be what the open reservations hold of it. They are counted while the shop goes on, so a
difference proves nothing at first; those SKUs are suspects. Then their reservations are counted again, and only a stock
that has not moved from before that count until after it is found wrong.

    hold ──► look ──► (no suspects: done) ──► count again ──► done
"""

from typing import Final

from cartwheel.kernel.store import Item, Store
from cartwheel.kernel.stretch import stretch
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.ledger.events import Finding, Kind, Repair
from cartwheel.ordering.events import OrdersStated, StatedOrder

from . import store
from .events import OrdersComparedWithReservations, Recount, StockRecounted
from .model import Proof, Reservation, Stock

HOLD: Final = "hold"
LOOK: Final = "look"
AGAIN: Final = "again"
BEGINNING: Final = Recount(step=HOLD, held={}, suspects={})

PAID: Final = frozenset({"CONFIRMED", "FULFILLED", "REFUNDED"})
STOCKS: Final = 100  # looked at in one step


def compare(unit: UnitOfWork, stated: OrdersStated) -> None:
    """Find orders whose goods are not set aside as they should be."""
    compared = [compared_with(order, store.find_reservation(unit.store, order.order_id)) for order in stated.orders]
    unit.emit(OrdersComparedWithReservations(run_id=stated.run_id, findings=[each for each in compared if each]))


def compared_with(order: StatedOrder, reservation: Reservation | None) -> Finding | None:
    """What is wrong. A paid order may have been cancelled since it was stated, so what is given back is no finding."""
    state = reservation.state if reservation else "none"
    if order.status == "CANCELLED" and state in ("RESERVED", "SOLD"):
        return _differs(order.order_id, "given back", state, Repair.TELL_ORDER)
    if order.status in PAID and state in ("RESERVED", "EXPIRED"):
        return _differs(order.order_id, "SOLD", state, Repair.TELL_ORDER)
    if order.status in PAID and reservation is None:
        return _differs(order.order_id, "SOLD", state)
    return None


def _differs(order_id: str, expected: str, found: str, repair: Repair | None = None) -> Finding:
    return Finding(kind=Kind.RESERVATION_DIFFERS, about=order_id, expected=expected, found=found, repair=repair)


def recount(unit: UnitOfWork, run_id: str, until: str, now: Recount = BEGINNING, part: int = 1) -> None:
    """Do a part of the recount, and tell what was found and what comes next."""
    if now.step == AGAIN:
        findings, following = _again(unit, run_id, now)
    else:
        findings, following = _look(unit, now) if now.step == LOOK else _hold(unit, until, now)
    unit.emit(StockRecounted(run_id=run_id, part=part, until=until, findings=findings, next=following))


Done = tuple[list[Finding], Recount | None]


def _hold(unit: UnitOfWork, until: str, now: Recount) -> Done:
    """Add up what is reserved, and find reservations that should long have been given back."""
    reservations, cursor = _open(unit.store, now.cursor)
    findings = [_overdue(each) for each in reservations if each.deadline and each.deadline < until]
    following = Recount(step=HOLD if cursor else LOOK, cursor=cursor, held=_sum(now.held, reservations), suspects={})
    return findings, following


def _overdue(reservation: Reservation) -> Finding:
    return Finding(
        kind=Kind.RESERVATION_OVERDUE,
        about=reservation.order_id,
        expected=f"given back at {reservation.deadline}",
        found=reservation.state,
        repair=Repair.RELEASE,
    )


def _look(unit: UnitOfWork, now: Recount) -> Done:
    """Hold each stock against its balance, and against what is reserved."""
    stocks, cursor = store.list_stock(unit.store, STOCKS, now.cursor)
    findings = [_unbalanced(stock) for stock in stocks if stock.balance not in (None, stock.books)]
    suspects = now.suspects | {each.sku: each.moves for each in stocks if each.reserved != now.held.get(each.sku, 0)}
    if cursor:
        return findings, Recount(step=LOOK, cursor=cursor, held=now.held, suspects=suspects)
    return findings, Recount(step=AGAIN, held={}, suspects=suspects) if suspects else None


def _unbalanced(stock: Stock) -> Finding:
    return Finding(
        kind=Kind.STOCK_DIFFERS,
        about=stock.sku,
        expected=f"{stock.balance} available",
        found=f"{stock.books} available",
    )


def _again(unit: UnitOfWork, run_id: str, now: Recount) -> Done:
    """Add up once more, for the suspects alone; those that did not move meanwhile are proved."""
    reservations, cursor = _open(unit.store, now.cursor)
    held = {sku: pieces for sku, pieces in _sum(now.held, reservations).items() if sku in now.suspects}
    if cursor:
        return [], Recount(step=AGAIN, cursor=cursor, held=held, suspects=now.suspects)
    stocks = store.find_stocks(unit.store, now.suspects).values()
    unmoved = [each for each in stocks if each.moves == now.suspects[each.sku]]
    wrong = {each.sku: each for each in unmoved if each.reserved != held.get(each.sku, 0)}
    if wrong:
        proved = {sku: Proof(held.get(sku, 0), stock.moves) for sku, stock in wrong.items()}
        unit.write(store.prove(run_id, proved))
    return [_miscounted(stock, held.get(sku, 0)) for sku, stock in wrong.items()], None


def _miscounted(stock: Stock, reserved: int) -> Finding:
    return Finding(
        kind=Kind.STOCK_DIFFERS,
        about=stock.sku,
        expected=f"{reserved} reserved",
        found=f"{stock.reserved} reserved",
        repair=Repair.RECOUNT,
    )


def _open(reader: Store, cursor: str | None) -> tuple[list[Reservation], str | None]:
    def keep(item: Item) -> Reservation | None:
        return Reservation.model_validate(item) if item["state"] == "RESERVED" else None

    return stretch(reader, store.all_reservations(cursor), keep)


def _sum(held: dict[str, int], reservations: list[Reservation]) -> dict[str, int]:
    total = dict(held)
    for reservation in reservations:
        for sku, pieces in reservation.held.items():
            total[sku] = total.get(sku, 0) + pieces
    return total


def correct(unit: UnitOfWork, run_id: str, sku: str) -> None:
    """Correct the reserved pieces, unless the stock has moved since they were proved: then the next run counts."""
    proof, stock = store.find_proof(unit.store, run_id, sku), store.find_stock(unit.store, sku)
    if proof and stock and stock.moves == proof.moves:
        unit.write(store.correct(sku, proof))
