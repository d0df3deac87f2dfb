"""What orders do to stock, event by event: once, twice, late and in the wrong order."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cartwheel.inventory import service
from cartwheel.inventory.events import Shortage, StockLow, StockRejected, StockReleased, StockReserved
from cartwheel.kernel.events import Cause
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.store import Store
from cartwheel.kernel.unit_of_work import UnitOfWork, run
from cartwheel.ordering.events import OrderPlaced
from tests.inventory.orders import (
    PAYMENT,
    cancelled,
    confirmed,
    counted,
    deliver,
    envelope,
    expire,
    pieces,
    placed,
    stock,
)
from tests.support.rival import rival
from tests.support.shop import Shop


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Shop]:
    """A shop whose reservations expire at once."""
    shop = Shop(tmp_path, Settings(reservation_lifetime=1e-9))
    yield shop
    shop.close()


def test_all_lines_are_reserved_and_the_payment_instruction_travels_on(shop: Shop) -> None:
    deliver(shop, counted("tea", 10), counted("cup", 10), placed("o1", ("tea", 3), ("cup", 1)))
    assert (pieces(shop, "tea"), pieces(shop, "cup")) == ((7, 3), (9, 1))
    assert shop.events(StockReserved) == [StockReserved(order_id="o1", payment=PAYMENT)]


def test_nothing_is_reserved_if_one_line_is_short(shop: Shop) -> None:
    deliver(shop, counted("tea", 10), counted("cup", 1), placed("o1", ("tea", 3), ("cup", 2)))
    assert (pieces(shop, "tea"), pieces(shop, "cup")) == ((10, 0), (1, 0))
    assert shop.events(StockRejected) == [
        StockRejected(order_id="o1", shortages=[Shortage(sku="cup", wanted=2, available=1)])
    ]


def test_an_unknown_sku_is_short(shop: Shop) -> None:
    deliver(shop, placed("o1", ("ghost", 1)))
    (rejected,) = shop.events(StockRejected)
    assert rejected.shortages == [Shortage(sku="ghost", wanted=1, available=0)]


def test_two_lines_of_one_sku_are_added_up(shop: Shop) -> None:
    deliver(shop, counted("tea", 5), placed("o1", ("tea", 3), ("tea", 3)), placed("o2", ("tea", 3), ("tea", 2)))
    assert pieces(shop, "tea") == (0, 5)
    assert [event.order_id for event in shop.events(StockRejected)] == ["o1"]
    assert shop.events(StockRejected)[0].shortages == [Shortage(sku="tea", wanted=6, available=5)]


def test_an_order_without_lines_reserves_trivially(shop: Shop) -> None:
    deliver(shop, placed("o1"))
    assert [event.order_id for event in shop.events(StockReserved)] == ["o1"]


def test_what_is_not_tracked_never_runs_out(shop: Shop) -> None:
    deliver(shop, counted("song", None), placed("o1", ("song", 1000)), confirmed("o1"), cancelled("o1"))
    assert pieces(shop, "song") == (0, 0)
    assert len(shop.events(StockReserved)) == len(shop.events(StockReleased)) == 1


def test_lesson_negative_quantities_are_refused(shop: Shop) -> None:
    deliver(shop, counted("tea", 5))
    with pytest.raises(AssertionError, match="ValueError"):
        deliver(shop, placed("o1", ("tea", 6), ("tea", -3)))
    assert pieces(shop, "tea") == (5, 0)


@pytest.mark.parametrize("quantity", [3, 30])
def test_a_second_delivery_and_a_twin_under_another_id_change_nothing(shop: Shop, quantity: int) -> None:
    first = placed("o1", ("tea", quantity))
    deliver(shop, counted("tea", 10), first, first, placed("o1", ("tea", quantity)))
    assert sum(pieces(shop, "tea")) == 10
    assert len(shop.events(StockReserved)) + len(shop.events(StockRejected)) == 1


def test_a_rejected_order_stays_rejected_when_stock_comes_in(shop: Shop) -> None:
    deliver(shop, counted("tea", 1), placed("o1", ("tea", 2)), counted("tea", 9, 1), placed("o1", ("tea", 2)))
    assert pieces(shop, "tea") == (9, 0)
    assert shop.events(StockReserved) == []


def test_a_confirmed_order_is_sold_once(shop: Shop) -> None:
    deliver(shop, counted("tea", 10), placed("o1", ("tea", 3)), confirmed("o1"), confirmed("o1"))
    assert pieces(shop, "tea") == (7, 0)


@pytest.mark.parametrize("paid", [False, True])
def test_a_cancelled_order_gives_back_once(shop: Shop, paid: bool) -> None:
    deliver(shop, counted("tea", 10), placed("o1", ("tea", 3)), *([confirmed("o1")] if paid else []))
    deliver(shop, cancelled("o1"), cancelled("o1"))
    assert pieces(shop, "tea") == (10, 0)
    assert shop.events(StockReleased) == [StockReleased(order_id="o1", reason="cancelled")]


def test_a_cancellation_that_comes_first_is_remembered(shop: Shop) -> None:
    deliver(shop, counted("tea", 10), cancelled("o1"), placed("o1", ("tea", 3)))
    assert pieces(shop, "tea") == (10, 0)
    assert shop.events(StockReserved) == []
    assert shop.events(StockReleased) == []


def test_lesson_a_late_event_overwrites_a_later_state(shop: Shop) -> None:
    """The confirmation was overtaken by the cancellation that followed it: what was given back is not sold."""
    deliver(shop, counted("tea", 10), placed("o1", ("tea", 3)), cancelled("o1"), confirmed("o1"))
    assert pieces(shop, "tea") == (10, 0)


def test_a_confirmation_without_a_reservation_changes_nothing(shop: Shop) -> None:
    deliver(shop, confirmed("o1"), counted("tea", 10), placed("o1", ("tea", 3)))
    assert pieces(shop, "tea") == (7, 3)


def test_lesson_a_shopper_blocked_by_the_hold_of_their_abandoned_order(hasty: Shop) -> None:
    deliver(hasty, counted("tea", 1), placed("abandoned", ("tea", 1)))
    assert expire(hasty) == 1
    assert expire(hasty) == 0
    deliver(hasty, placed("next", ("tea", 1)))
    assert hasty.events(StockReleased) == [StockReleased(order_id="abandoned", reason="expired")]
    assert [event.order_id for event in hasty.events(StockReserved)] == ["abandoned", "next"]


def test_a_reservation_does_not_expire_before_its_deadline(shop: Shop) -> None:
    deliver(shop, counted("tea", 1), placed("o1", ("tea", 1)))
    assert expire(shop) == 0


def test_what_is_sold_does_not_expire(hasty: Shop) -> None:
    deliver(hasty, counted("tea", 9), placed("o1", ("tea", 1)), confirmed("o1"))
    assert expire(hasty) == 0
    assert pieces(hasty, "tea") == (8, 0)


def test_an_order_confirmed_after_its_reservation_expired_takes_the_pieces_anew(hasty: Shop) -> None:
    deliver(hasty, counted("tea", 3), placed("o1", ("tea", 3)))
    expire(hasty)
    deliver(hasty, confirmed("o1"))
    assert pieces(hasty, "tea") == (0, 0)
    deliver(hasty, cancelled("o1"))
    assert pieces(hasty, "tea") == (3, 0)


def test_lesson_stock_taken_after_payment_oversold(hasty: Shop) -> None:
    """Paid too late, and others have the pieces: the order is rejected, so that the payment is given back."""
    deliver(hasty, counted("tea", 3), placed("late", ("tea", 3)))
    expire(hasty)
    deliver(hasty, placed("next", ("tea", 1)), confirmed("late"), cancelled("late"))
    assert pieces(hasty, "tea") == (2, 1)
    assert [event.order_id for event in hasty.events(StockRejected)] == ["late"]


def test_a_cancelled_order_whose_reservation_had_expired_is_not_sold(hasty: Shop) -> None:
    deliver(hasty, counted("tea", 3), placed("o1", ("tea", 3)))
    expire(hasty)
    deliver(hasty, cancelled("o1"), confirmed("o1"))
    assert pieces(hasty, "tea") == (3, 0)
    assert [event.reason for event in hasty.events(StockReleased)] == ["expired"]


def test_expiry_leaves_alone_what_was_confirmed_after_it_looked(hasty: Shop) -> None:
    deliver(hasty, counted("tea", 3), placed("o1", ("tea", 3)))

    def confirm(store: Store) -> None:
        run(store, "inventory", Cause(new_id(), new_id()), lambda unit: service.confirm(unit, "o1"))

    with rival(hasty, confirm):
        assert expire(hasty) == 0
    assert pieces(hasty, "tea") == (0, 0)


def test_a_count_includes_what_is_reserved(shop: Shop) -> None:
    deliver(shop, counted("tea", 10), placed("o1", ("tea", 3)), counted("tea", 8, 1))
    assert pieces(shop, "tea") == (5, 3)


def test_an_older_count_changes_nothing(shop: Shop) -> None:
    deliver(shop, counted("tea", 10), counted("tea", 99, -1), counted("tea", None, -1))
    assert pieces(shop, "tea") == (10, 0)
    assert stock(shop, "tea").tracked


def test_pieces_that_a_count_did_not_find_are_not_promised_again(shop: Shop) -> None:
    deliver(shop, counted("tea", 5), placed("o1", ("tea", 5)), counted("tea", 3, 1), cancelled("o1"))
    assert pieces(shop, "tea") == (3, 0)


def test_low_stock_is_told_once(shop: Shop) -> None:
    deliver(shop, counted("tea", 8), placed("o1", ("tea", 2)), placed("o2", ("tea", 2)), placed("o3", ("tea", 1)))
    assert shop.events(StockLow) == [StockLow(sku="tea", available=4)]


LIFETIME = Settings.duration(60)


def _others_buy(quantity: int) -> Any:
    """A rival who places an order between our reading and our writing."""
    order = OrderPlaced.model_validate(placed("rival", ("tea", quantity))["detail"]["data"])

    def work(unit: UnitOfWork) -> None:
        service.reserve(unit, order, LIFETIME)

    return lambda store: run(store, "inventory", Cause(new_id(), new_id()), work)


def test_low_stock_is_told_once_when_two_fall_short_of_it_together(shop: Shop) -> None:
    """Each of the two orders alone would leave enough; both read the stock before the other had written."""
    deliver(shop, counted("tea", 10))
    with rival(shop, _others_buy(3)):
        deliver(shop, placed("o1", ("tea", 3)))
    assert pieces(shop, "tea") == (4, 6)
    assert shop.events(StockLow) == [StockLow(sku="tea", available=4)]


def test_low_stock_is_told_once_when_another_fell_short_of_it_first(shop: Shop) -> None:
    deliver(shop, counted("tea", 8))
    with rival(shop, _others_buy(3)):
        deliver(shop, placed("o1", ("tea", 3)))
    assert pieces(shop, "tea") == (2, 6)
    assert shop.events(StockLow) == [StockLow(sku="tea", available=5)]


def test_who_reads_enough_but_is_overtaken_is_rejected(shop: Shop) -> None:
    deliver(shop, counted("tea", 3))
    with rival(shop, _others_buy(2)):
        deliver(shop, placed("o1", ("tea", 2)))
    assert pieces(shop, "tea") == (1, 2)
    assert [event.shortages[0].available for event in shop.events(StockRejected)] == [1]


def test_who_is_overtaken_needs_no_second_try_while_there_is_enough(shop: Shop) -> None:
    deliver(shop, counted("tea", 300))
    tries = 0

    def work(unit: UnitOfWork) -> None:
        nonlocal tries
        tries += 1
        service.reserve(unit, OrderPlaced.model_validate(placed("o1", ("tea", 2))["detail"]["data"]), LIFETIME)

    with rival(shop, _others_buy(2)):
        run(shop.store, "inventory", Cause(new_id(), new_id()), work)
    assert (tries, pieces(shop, "tea")) == (1, (296, 4))


def test_a_count_is_not_lost_when_others_buy_meanwhile(shop: Shop) -> None:
    deliver(shop, counted("tea", 10))
    with rival(shop, _others_buy(2)):
        deliver(shop, counted("tea", 20, 1))
    assert pieces(shop, "tea") == (18, 2)


def test_an_event_that_is_not_ours_is_refused(shop: Shop) -> None:
    with pytest.raises(AssertionError, match="no handler"):
        deliver(shop, envelope(StockLow(sku="tea", available=1)))
