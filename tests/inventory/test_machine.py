"""Stock under any interleaving: events late, twice and out of order, expiry, counts and corrections in between."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from cartwheel.inventory import store
from cartwheel.inventory.events import StockRejected, StockReleased, StockReserved
from cartwheel.kernel.settings import Settings
from tests.inventory.orders import cancelled, confirmed, counted, deliver, expire, placed, stock
from tests.support.shop import Shop

SKUS = ("tea", "cup")


class StockMachine(RuleBasedStateMachine):
    """`counted` is what there must be of each SKU: the last count with all corrections, plus what was sold before."""

    sent = Bundle("sent")  # envelopes on their way: delivered in any order, as often as it pleases the queue

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.shop = Shop(Path(self.folder.name), Settings(reservation_lifetime=1e-9))
        self.orders: list[str] = []
        self.counted = dict.fromkeys(SKUS, 0)
        self.counts = 0

    def teardown(self) -> None:
        self.shop.close()
        self.folder.cleanup()

    @initialize(quantity=st.integers(0, 10))
    def open(self, quantity: int) -> None:
        for sku in SKUS:
            self.count(sku, quantity)

    @rule(target=sent, lines=st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 4)), max_size=3))
    def place(self, lines: list[tuple[str, int]]) -> dict[str, Any]:
        self.orders.append(f"o{len(self.orders)}")
        return placed(self.orders[-1], *lines)

    @rule(target=sent, event=sent, cancel=st.booleans())
    def decide(self, event: dict[str, Any], cancel: bool) -> dict[str, Any]:
        """The order is cancelled, perhaps before its stock was asked for, or confirmed, if that was reserved."""
        order_id = event["detail"]["data"]["orderId"]
        reserved = any(told.order_id == order_id for told in self.shop.events(StockReserved))
        return confirmed(order_id) if reserved and not cancel else cancelled(order_id)

    @rule(event=sent)
    def deliver(self, event: dict[str, Any]) -> None:
        deliver(self.shop, event)

    @rule()
    def expire(self) -> None:
        expire(self.shop)

    @rule(sku=st.sampled_from(SKUS), quantity=st.integers(0, 10))
    def count(self, sku: str, quantity: int) -> None:
        self.counts += 1
        deliver(self.shop, counted(sku, quantity, self.counts))
        self.counted[sku] = quantity + self._held(sku, "SOLD")

    @rule(sku=st.sampled_from(SKUS), quantity=st.none() | st.integers(0, 10))
    def count_too_late(self, sku: str, quantity: int | None) -> None:
        deliver(self.shop, counted(sku, quantity, -1))

    @rule(sku=st.sampled_from(SKUS))
    def stop_tracking(self, sku: str) -> None:
        self.counts += 1
        deliver(self.shop, counted(sku, None, self.counts))

    @rule(sku=st.sampled_from(SKUS), by=st.integers(-5, 5))
    def adjust(self, sku: str, by: int) -> None:
        found = stock(self.shop, sku)
        possible = found.tracked and found.available + by >= 0
        body = {"by": by, "reason": "inventory"}
        answer = self.shop.request("POST", f"/stock/{sku}/adjust", body, token="staff")
        assert answer.status == (200 if possible else 409)
        self.counted[sku] += by if possible else 0

    @invariant()
    def no_piece_is_lost_or_made_up(self) -> None:
        for sku in SKUS:
            found = stock(self.shop, sku)
            assert min(found.available, found.reserved, found.shortfall) >= 0
            assert found.reserved == self._held(sku, "RESERVED")
            sold = self._held(sku, "SOLD")
            assert found.available - found.shortfall + found.reserved + sold == self.counted[sku]

    @invariant()
    def every_order_is_told_what_it_has(self) -> None:
        reserved = [told.order_id for told in self.shop.events(StockReserved)]
        released = [(told.order_id, told.reason) for told in self.shop.events(StockReleased)]
        rejected = [told.order_id for told in self.shop.events(StockRejected)]
        assert len(set(reserved)) == len(reserved)
        assert len(set(released)) == len(released)
        assert len(set(rejected)) == len(rejected)
        assert {order_id for order_id, _ in released} <= set(reserved)

    def _held(self, sku: str, state: str) -> int:
        reservations = [store.find_reservation(self.shop.store, order_id) for order_id in self.orders]
        return sum(found.held.get(sku, 0) for found in reservations if found and found.state == state)


TestStock = StockMachine.TestCase
TestStock.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
