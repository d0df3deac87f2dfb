"""Consumers, routes and schedule together: events of an order in any order, doubled and late, with people in between.

Whatever happens, the order ends in a consistent state, and what was announced is what is stored.
"""

import shutil
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cartwheel.kernel.events import Event
from cartwheel.kernel.store import Key
from cartwheel.ordering.events import OrderCancelled, OrderConfirmed, OrderFulfilled, OrderPlaced, OrderRefunded
from tests.ordering import orders
from tests.support.shop import Shop

FOLLOWS = {
    "PENDING": {"PLACED", "CANCELLED"},
    "PLACED": {"RESERVED", "CANCELLED"},
    "RESERVED": {"CONFIRMED", "CANCELLED"},
    "CONFIRMED": {"FULFILLED", "CANCELLED"},
    "FULFILLED": {"REFUNDED"},
}
ANNOUNCES: dict[str, type[Event]] = {
    "PLACED": OrderPlaced,
    "CONFIRMED": OrderConfirmed,
    "CANCELLED": OrderCancelled,
    "FULFILLED": OrderFulfilled,
    "REFUNDED": OrderRefunded,
}
REPORTS = {
    "reserved": orders.reserved,
    "rejected": orders.rejected,
    "expired": orders.released,
    "released": lambda order_id: orders.released(order_id, "cancelled"),
    "authorised": orders.authorised,
    "declined": orders.declined,
}


class Disorder(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.shop = Shop(self.folder)
        self.order_id = ""
        self.beginning: list[dict[str, Any]] = []
        self.reports: dict[str, dict[str, Any]] = {}
        self.before: dict[str, Any] | None = None

    def teardown(self) -> None:
        self.shop.close()
        shutil.rmtree(self.folder)

    @initialize(direct=st.booleans(), kind=st.booleans(), ahead=st.integers(0, 4))
    def accept(self, direct: bool, kind: bool, ahead: int) -> None:
        """A direct order, or a checkout whose event was published twice; it may have got far already.

        In a kind world nothing is refused.
        """
        self.names = ["reserved", "authorised", "released"] if kind else sorted(REPORTS)
        self.commands = ["fulfil", "refund"] if kind else ["fulfil", "refund", "cancel"]
        self.kind = kind
        if direct:
            self.order_id = orders.submit(self.shop, token="customer:alice")
            self.beginning = [orders.submitted(self.shop, self.order_id)]
        else:
            event = orders.checkout(self.shop, customer_id="alice")
            self.order_id = event.order_id
            self.beginning = [orders.envelope(event), orders.envelope(event)]
        self.reports = {name: orders.envelope(make(self.order_id)) for name, make in REPORTS.items()}
        self.get_far(ahead)

    def get_far(self, steps: int) -> None:
        """The first steps of an order that goes well, up to FULFILLED."""
        messages = [self.beginning[0], self.reports["reserved"], self.reports["authorised"]]
        for consumer, message in zip(["ordering-placement", *["ordering-events"] * 2], messages[:steps], strict=False):
            self.shop.deliver(consumer, message)
        if steps > len(messages):
            assert self.shop.request("POST", f"/orders/{self.order_id}/fulfil", token="staff").status == 200

    @rule(which=st.integers(0, 1))
    def begin(self, which: int) -> None:
        self.shop.deliver("ordering-placement", self.beginning[which % len(self.beginning)])

    @rule(which=st.integers(0, 5), times=st.integers(1, 2))
    def report(self, which: int, times: int) -> None:
        name = self.names[which % len(self.names)]
        for _ in range(times):
            if self.stored() is None and name != "released":
                with pytest.raises(AssertionError, match="on its way"):
                    self.shop.deliver("ordering-events", self.reports[name])
            else:
                self.shop.deliver("ordering-events", self.reports[name])

    @rule(which=st.integers(0, 5))
    def same_report_published_again(self, which: int) -> None:
        """Not the same message again, but a second event that says the same."""
        if self.stored() is not None:
            orders.hear(self.shop, REPORTS[self.names[which % len(self.names)]](self.order_id))

    @rule(which=st.integers(0, 5), by=st.sampled_from(["owner", "staff"]))
    def ask(self, which: int, by: str) -> None:
        command = self.commands[which % len(self.commands)]
        token = "customer:alice" if by == "owner" else "staff"
        answer = self.shop.request("POST", f"/orders/{self.order_id}/{command}", token=token)
        assert answer.status in ((200, 409) if command == "cancel" or by == "staff" else (403,))

    @rule(late=st.booleans())
    @precondition(lambda self: self.stored() is not None)
    def time_passes(self, late: bool) -> None:
        if late and not self.kind and "deadline" in orders.item(self.shop, self.order_id):
            orders.let_pass(self.shop, self.order_id)
            self.before = self.stored()
        self.shop.run_schedule("ordering-deadlines")

    def stored(self) -> dict[str, Any] | None:
        return self.shop.store.get("ordering", Key(f"ORDER#{self.order_id}", f"ORDER#{self.order_id}"))

    @invariant()
    def the_answer_is_never_404(self) -> None:
        if self.order_id:
            assert self.shop.request("GET", f"/orders/{self.order_id}", token="customer:alice").status == 200

    @invariant()
    def changes_are_steps_forward(self) -> None:
        after = self.stored()
        if self.before and after != self.before:
            assert after is not None
            assert after["version"] > self.before["version"]
            assert self.before["status"] not in ("CANCELLED", "REFUNDED")
            assert after["history"][: len(self.before["history"])] == self.before["history"]
        self.before = after

    @invariant()
    def the_stored_order_is_consistent(self) -> None:
        item = self.stored()
        if item is None:
            return
        entered = [transition["status"] for transition in item["history"]]
        assert entered[0] == "PENDING"
        assert entered[-1] == item["status"]
        assert all(later in FOLLOWS[earlier] for earlier, later in pairwise(entered))
        times = [transition["at"] for transition in item["history"]]
        assert times == sorted(times)
        if "CONFIRMED" in entered:
            assert item["stockReserved"]
            assert item["paymentAuthorised"]
        assert ("deadlineKey" in item) == (item["status"] in ("PENDING", "PLACED", "RESERVED", "CONFIRMED"))

    @invariant()
    def announced_is_what_is_stored(self) -> None:
        item = self.stored()
        entered = [transition["status"] for transition in item["history"]] if item else []
        for status, event_type in ANNOUNCES.items():
            assert len(self.shop.events(event_type)) == entered.count(status)


TestDisorder: Any = Disorder.TestCase
TestDisorder.settings = settings(max_examples=80, stateful_step_count=20, deadline=None, database=None)
