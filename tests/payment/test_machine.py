"""Random deliveries of a possible story: late, twice, out of order, overtaking each other, crashing at any commit."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cartwheel.kernel.errors import NotFound
from cartwheel.kernel.events import Cause
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.unit_of_work import run
from cartwheel.payment import service
from cartwheel.payment.model import PaymentState
from cartwheel.payment.provider import Pending, ProviderError, key_of
from cartwheel.payment.sandbox import SandboxProvider

from .world import World, crash, world

TOKENS = ["tok_approve", "tok_decline", "tok_timeout", "tok_timeout_once", "tok_late", "tok_late_decline", "tok_twice"]
NAMES = st.sampled_from(["reserved", "cancelled", "fulfilled", "refunded"])
POINTS = st.tuples(st.integers(0, 2), st.sampled_from(["before", "after"]))


class Deliveries(RuleBasedStateMachine):
    """`happened` are the facts others have announced so far; only what its cause allows can happen."""

    @initialize(token=st.sampled_from(TOKENS))
    def begin(self, token: str) -> None:
        self.token = token
        self.resources = ExitStack()
        folder = self.resources.enter_context(tempfile.TemporaryDirectory())
        self.world: World = self.resources.enter_context(world(Path(folder), token))
        self.happened = ["reserved"]

    @precondition(lambda self: self.happened == ["reserved"])
    @rule()
    def order_is_cancelled(self) -> None:
        self.happened.append("cancelled")

    @precondition(lambda self: self.happened == ["reserved"] and "PaymentAuthorised" in self.world.emitted())
    @rule()
    def order_is_fulfilled(self) -> None:
        self.happened.append("fulfilled")

    @precondition(lambda self: self.happened[-1] == "fulfilled")
    @rule()
    def order_is_refunded(self) -> None:
        self.happened.append("refunded")

    @rule(name=NAMES)
    def deliver(self, name: str) -> None:
        self._interrupted(name, {})

    @rule(name=NAMES, point=POINTS)
    def deliver_and_crash(self, name: str, point: tuple[int, str]) -> None:
        self._interrupted(name, {point: crash})

    @rule(name=NAMES, other=NAMES, point=POINTS)
    def deliver_and_be_overtaken(self, name: str, other: str, point: tuple[int, str]) -> None:
        self._interrupted(name, {point: lambda: self._persist(other)})

    @rule(seconds=st.integers(0, 5))
    def poll(self, seconds: int) -> None:
        self.world.poll(later=seconds)

    @rule()
    def webhook(self) -> None:
        """The provider says what it knows, whether we ask or not."""
        with suppress(ProviderError, NotFound):
            outcome = SandboxProvider(self.world.store).status(key_of(self.world.order_id))
            if not isinstance(outcome, Pending):
                cause = Cause(new_id(), new_id())
                run(self.world.store, "payment", cause, lambda u: service.settle(u, self.world.order_id, outcome))

    def _interrupted(self, name: str, interruptions: dict[tuple[int, str], Callable[[], None]]) -> None:
        count = self.world.store.count
        self.world.store.interruptions = {(count + n, when): do for (n, when), do in interruptions.items()}
        self._persist(name)
        self.world.store.interruptions = {}

    def _persist(self, name: str) -> None:
        if name in self.happened:
            self.world.persist(name)

    @invariant()
    def never_two_charges(self) -> None:
        if hasattr(self, "world"):
            assert len(self.world.store.charges) <= 1
            assert self.world.taken() <= 1

    @invariant()
    def each_fact_is_announced_once(self) -> None:
        if hasattr(self, "world"):
            emitted = self.world.emitted()
            assert len(emitted) == len(set(emitted))
            assert not {"PaymentAuthorised", "PaymentDeclined"} <= set(emitted)

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        for name in self.happened:
            self._persist(name)
        for _ in range(6):
            self.world.poll(later=70)
        self._end_is_right()
        self.resources.close()

    def _end_is_right(self) -> None:
        if self.token == "tok_timeout" and "cancelled" not in self.happened:
            assert self.world.taken() == 0
            return
        state, taken = self.world.payment().state, self.world.taken()
        match self.happened[-1]:
            case "cancelled":
                assert (taken, state in (PaymentState.CANCELLED, PaymentState.VOIDED, PaymentState.DECLINED)) == (
                    0,
                    True,
                )
            case "fulfilled":
                assert (taken, state) == (1, PaymentState.CAPTURED)
            case "refunded":
                assert (taken, state) == (0, PaymentState.REFUNDED)
            case _:
                assert (taken, state) in ((1, PaymentState.AUTHORISED), (0, PaymentState.DECLINED))


Deliveries.TestCase.settings = settings(
    max_examples=60, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
TestDeliveries = Deliveries.TestCase
