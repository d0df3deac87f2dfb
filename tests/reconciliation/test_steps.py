"""How a run goes on: in parts, again after a crash, while the shop sells; and when one is begun."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import chain
from typing import Any

import pytest

from cartwheel.inventory import store as stocks
from cartwheel.inventory.events import StockRecounted
from cartwheel.kernel import stretch
from cartwheel.kernel.clock import now
from cartwheel.kernel.store import Scan
from cartwheel.ledger import schedules
from cartwheel.ledger.events import DiscrepancyFound, ReconciliationRequested
from cartwheel.ledger.run_answers import RunAnswer
from cartwheel.ledger.runs import COMPARED_BY, Run
from cartwheel.ordering import store as orders
from cartwheel.ordering.events import OrdersStated
from cartwheel.payment import store as payments
from cartwheel.payment.events import PaymentsStated
from tests.reconciliation import world
from tests.reconciliation.world import buy, damage, found, lose, reconcile, staff, stock
from tests.support.shop import Shop


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part has one thing in it."""
    monkeypatch.setattr(stretch, "ENOUGH", 1)
    for each in (orders, payments, stocks):
        monkeypatch.setattr(each, "Scan", partial(Scan, limit=1))


def test_what_is_too_much_for_one_part_goes_on_in_the_next(shop: Shop, in_parts: None) -> None:
    bought = [buy(shop) for _ in range(4)]
    for order_id in bought[:2]:
        lose(shop, "payment", f"PAYMENT#{order_id}")
    for order_id in bought[2:]:
        lose(shop, "ordering", f"ORDER#{order_id}")
    damage(shop, "inventory", "STOCK#mug", reserved=3)
    kinds = [(kind, about) for kind, about, *_ in found(shop)]
    assert kinds == sorted(
        [("order-without-payment", each) for each in bought[:2]]
        + [("payment-without-order", each) for each in bought[2:]]
        + [("stock-differs", "mug")],
        key=str,
    )
    assert [sum(len(part.orders) for part in shop.events(OrdersStated)), stock(shop)] == [2, (6, 0)]
    assert min(len(shop.events(each)) for each in (OrdersStated, PaymentsStated, StockRecounted)) >= 2


def test_a_stretch_ends_after_some_pages_however_little_it_kept(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    bought = [buy(shop) for _ in range(5)]
    monkeypatch.setattr(stretch, "PAGES", 2)
    stretches: list[list[str]] = []
    cursor: str | None = None
    while not stretches or cursor:
        scan = replace(orders.all_orders(cursor), limit=1)
        kept, cursor = stretch.stretch(shop.store, scan, lambda item: item["orderId"])
        stretches.append(kept)
    assert [len(kept) for kept in stretches] == [2, 2, 1]
    assert sorted(chain.from_iterable(stretches)) == sorted(bought)


def test_every_message_twice_changes_nothing(shop: Shop) -> None:
    order_id = buy(shop)
    lose(shop, "payment", f"PAYMENT#{order_id}")
    damage(shop, "inventory", "STOCK#mug", reserved=2)
    run = reconcile(shop)
    emitted = len(shop.envelopes())
    for envelope in shop.envelopes():
        for consumer in _consumers_of(envelope):
            shop.deliver(consumer, envelope)
    shop.drain()
    assert len(shop.envelopes()) == emitted
    assert staff(shop, "GET", f"/reconciliations/{run['runId']}") == run
    assert (run["found"], stock(shop)) == (2, (9, 0))


def _consumers_of(envelope: dict[str, Any]) -> list[str]:
    names = ["ordering", "payment", "inventory", "ledger"]
    reconciled = {
        "ReconciliationRequested": names[:3],
        "OrdersStated": names,
        "PaymentsStated": ["ordering", "payment", "ledger"],
        "StockRecounted": ["inventory", "ledger"],
        "OrdersComparedWithPayments": ["ledger"],
        "OrdersComparedWithReservations": ["ledger"],
        "PaymentsComparedWithOrders": ["ledger"],
    }
    if envelope["detail-type"] == "DiscrepancyFound":
        return [f"{name}-events" for name in names[:3]]
    return [f"{name}-reconciliation" for name in reconciled.get(envelope["detail-type"], [])]


def test_a_stock_that_moves_while_it_is_counted_proves_nothing(shop: Shop) -> None:
    """It was damaged; but between the two counts its pieces change, so it is left to the next run."""
    damage(shop, "inventory", "STOCK#mug", reserved=2)
    staff(shop, "POST", "/reconciliations", {}, 202)
    _count_until(shop, "again")
    staff(shop, "POST", "/stock/mug/adjust", {"by": 1, "reason": "found"})
    shop.drain()
    assert shop.events(DiscrepancyFound) == []
    assert found(shop) == [("stock-differs", "mug", "0 reserved", "2 reserved", "recount-reserved")]


def test_a_stock_that_moved_since_it_was_proved_is_not_corrected(shop: Shop) -> None:
    damage(shop, "inventory", "STOCK#mug", reserved=2)
    run = staff(shop, "POST", "/reconciliations", {}, 202)
    _count_until(shop, "again")
    _deliver(shop, "inventory-reconciliation")
    shop.relay()
    staff(shop, "POST", "/stock/mug/adjust", {"by": 1, "reason": "found"})
    shop.drain()
    assert [each.about for each in shop.events(DiscrepancyFound)] == ["mug"]
    assert (run["state"], stock(shop)) == ("running", (11, 2))
    assert found(shop) == [("stock-differs", "mug", "0 reserved", "2 reserved", "recount-reserved")]
    assert stock(shop) == (11, 0)


def _count_until(shop: Shop, step: str) -> None:
    """Deliver to inventory alone, until that step of its recount is the next."""
    while not any(each.next and each.next.step == step for each in shop.events(StockRecounted)):
        _deliver(shop, "inventory-reconciliation")
    shop.relay()


def _deliver(shop: Shop, queue: str) -> None:
    shop.relay()
    shop._drain_queue(queue, 1, allow_failures=False)


def test_a_stock_of_before_there_were_balances_is_left_alone_until_it_is_counted(shop: Shop) -> None:
    old = world.item(shop, "inventory", "STOCK#mug")
    shop._connection.execute(
        "UPDATE items_inventory SET item = ? WHERE pk = 'STOCK#mug'",
        (json.dumps({name: old[name] for name in old if name not in ("balance", "moves")}),),
    )
    shop._connection.commit()
    buy(shop)
    damage(shop, "inventory", "STOCK#mug", available=5)
    assert "balance" not in world.item(shop, "inventory", "STOCK#mug")
    assert found(shop) == []
    staff(shop, "PUT", "/stock/mug", {"quantity": 9})
    buy(shop)
    assert found(shop) == []
    damage(shop, "inventory", "STOCK#mug", available=5)
    assert [kind for kind, *_ in found(shop)] == ["stock-differs"]


def test_every_change_of_a_stock_is_a_move(shop: Shop) -> None:
    """What a proof that nothing moved relies on."""

    def moved(change: Callable[[], object]) -> int:
        before = _moves(shop)
        change()
        shop.drain()
        return _moves(shop) - before

    waiting = buy(shop, "tok_late")
    assert moved(lambda: world.step(shop, waiting, "cancel")) == 1
    assert moved(lambda: buy(shop, "tok_late")) == 1
    assert moved(lambda: buy(shop)) == 2  # reserved, then sold
    assert moved(lambda: staff(shop, "PUT", "/stock/mug", {"quantity": 9})) == 1
    for change in ({"by": 2, "reason": "found"}, {"by": -1, "reason": "broken"}):
        assert moved(partial(staff, shop, "POST", "/stock/mug/adjust", change)) == 1


def _moves(shop: Shop) -> int:
    return int(world.item(shop, "inventory", "STOCK#mug").get("moves", 0))


def test_balances_follow_a_shortfall(shop: Shop) -> None:
    order_id = buy(shop, "tok_late")
    staff(shop, "PUT", "/stock/mug", {"quantity": 0})
    assert found(shop) == []
    staff(shop, "POST", f"/orders/{order_id}/cancel")
    shop.drain()
    assert (stock(shop), found(shop)) == ((0, 0), [])


def test_a_ledger_that_is_behind_does_not_say_what_is_missing(shop: Shop) -> None:
    """Its own queue stands still: the comparison fails and comes again, instead of taking everything for lost."""
    world.step(shop, buy(shop), "fulfil")
    time.sleep(0.005)
    staff(shop, "POST", "/reconciliations", {}, 202)
    _deliver(shop, "ordering-reconciliation")
    shop.relay()
    with pytest.raises(AssertionError, match="the ledger has not recorded the beginning of this run yet"):
        shop._drain_queue("ledger-reconciliation", 1, allow_failures=False)
    assert shop.events(DiscrepancyFound) == []


def test_once_a_day_one_is_begun(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [shop.run_schedule("ledger-daily") for _ in range(3)] == [1, 0, 0]
    shop.drain()
    assert len(shop.events(ReconciliationRequested)) == 1
    monkeypatch.setattr(schedules, "now", lambda: now() + timedelta(hours=23, minutes=1))
    assert [shop.run_schedule("ledger-daily") for _ in range(2)] == [1, 0]


def test_it_looks_two_days_back_unless_all_is_wanted(shop: Shop) -> None:
    order_id = buy(shop)
    order = world.item(shop, "ordering", f"ORDER#{order_id}")
    before = [each | {"at": "2026-01-01T00:00:00.000Z"} for each in order["history"]]
    damage(shop, "ordering", f"ORDER#{order_id}", history=before)
    lose(shop, "payment", f"PAYMENT#{order_id}")
    assert found(shop) == []
    assert [kind for kind, *_ in found(shop, everything=True)] == ["order-without-payment"]


def test_what_changes_after_it_was_stated_is_under_way(shop: Shop) -> None:
    """The order is stated as confirmed; before payment looks, it is sent and its payment captured, or cancelled."""
    sent, cancelled = buy(shop), buy(shop)
    time.sleep(0.005)
    run_id = staff(shop, "POST", "/reconciliations", {}, 202)["runId"]
    _deliver(shop, "ordering-reconciliation")
    world.step(shop, sent, "fulfil")
    world.step(shop, cancelled, "cancel")
    shop.relay()
    for queue in ("payment-events", "inventory-events"):
        for _ in range(2):
            _deliver(shop, queue)
    assert (world.payment(shop, sent), world.payment(shop, cancelled)) == ("CAPTURED", "VOIDED")
    shop.drain()
    assert staff(shop, "GET", f"/reconciliations/{run_id}")["findings"] == []


def test_a_run_is_done_when_everybody_has_compared_every_part() -> None:
    everybody = {f"{what}_{who}": 2 for what, those in COMPARED_BY.items() for who in those}
    run = Run(run_id="r", started_at="", since="", until="", parts=dict.fromkeys(COMPARED_BY, 2), compared=everybody)
    assert run.waits_for == []
    for name in everybody:
        what, who = name.split("_")
        expected = [f"{what} to be compared by {who}"]
        assert run.model_copy(update={"compared": everybody | {name: 1}}).waits_for == expected
    assert RunAnswer.of(run, []).state == "done"
    unrecorded = RunAnswer.of(run.model_copy(update={"found": 1}), [])
    assert (unrecorded.state, unrecorded.waits_for) == ("running", ["findings to be recorded by the ledger"])
    unknown = run.model_copy(update={"parts": {"payments": 2, "stock": 2}})
    assert unknown.waits_for == [f"orders to be compared by {who}" for who in COMPARED_BY["orders"]]


def test_a_run_has_its_own_findings_alone(shop: Shop) -> None:
    order_id = buy(shop)
    lose(shop, "payment", f"PAYMENT#{order_id}")
    runs = [reconcile(shop) for _ in range(2)]
    assert [staff(shop, "GET", f"/reconciliations/{run['runId']}") for run in runs] == runs
    assert [run["found"] for run in runs] == [1, 1]


def test_who_may_ask_and_what_for(shop: Shop) -> None:
    assert shop.request("POST", "/reconciliations", {}).status == 401
    assert shop.request("POST", "/reconciliations", {}, token="customer:ann").status == 403
    assert shop.request("POST", "/reconciliations", {"al": True}, token="staff").status == 422
    assert shop.request("GET", "/reconciliations/none", token="staff").status == 404
    run = staff(shop, "POST", "/reconciliations", {}, 202)
    assert (run["state"], run["found"]) == ("running", 0)
    assert "orders to be compared by payment" in run["waitsFor"]
