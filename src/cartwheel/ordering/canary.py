"""The canary: a purchase that the shop makes of itself, as a guest would, and undoes; so that whoever is on call hears
before shoppers do that it does not work (ADR 38).

    undo what the last run left ─► basket ─► SKU ─► checkout ─► CONFIRMED ─► undo ─► measured: 1
                  │                  │ what was begun is remembered before │     │
                  └──────────────────┴── any step that fails, logged ──────┴─────┴──► measured: 0

A run that dies leaves what it remembered. Its order is of the shop's own trial by its id, so it is no business.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from cartwheel.kernel import schedule, telemetry
from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.environment import Environment
from cartwheel.kernel.errors import Conflict, Problem
from cartwheel.kernel.events import Cause
from cartwheel.kernel.ids import minted_at, sealed_id
from cartwheel.kernel.metrics import record
from cartwheel.kernel.unit_of_work import UnitOfWork, run

from . import canary_store, service
from .canary_store import Errand
from .events import CancelReason
from .metrics import CANARY_DURATION, CANARY_SUCCESSES
from .model import Moment, Order, Status, Step
from .store import TABLE
from .storefront import Failed, Storefront

PATIENCE: Final = 30  # seconds that it may take from the basket to CONFIRMED
POLL: Final = 0.25  # seconds
LONGEST: Final = timedelta(seconds=90)  # beyond the time limit of a run, and less than the time until the next
LOST: Final = timedelta(hours=1)  # that an order may be on its way from its checkout
NEVER_BOUGHT: Final = (404, 409, 422)  # of a basket that can be checked out no more, or not yet


@dataclass
class Canary:
    """One run. It has claimed the `errand`, so no other run is at it."""

    environment: Environment
    storefront: Storefront
    errand: Errand

    @property
    def cause(self) -> Cause:
        return Cause(self.storefront.story, self.storefront.story)

    def buy(self) -> None:
        """As the storefront does it. Raises Failed."""
        settings, began = self.environment.settings, time.monotonic()
        basket_id = self.storefront.ask("opening a basket", "POST", "/baskets")["basketId"]
        self.remember(basket_id=basket_id)
        line = f"/baskets/{basket_id}/lines/{quote(settings.canary_sku, safe='')}"
        self.storefront.ask(f"putting {settings.canary_sku} into it", "PUT", line, {"quantity": 1})
        self.remember(order_id=self._check_out())
        self._wait(began + PATIENCE)
        record(CANARY_DURATION, round((time.monotonic() - began) * 1000, 1))

    def _check_out(self) -> str:
        """A basket that was checked out before answers with the same order."""
        token = self.environment.settings.canary_payment_token
        payment = {"paymentToken": token} if token else {}
        path = f"/baskets/{self.errand.basket_id}/checkout"
        order_id = str(self.storefront.ask("checking out", "POST", path, payment)["orderId"])
        telemetry.about(order_id)
        return order_id

    def _wait(self, end: float) -> None:
        while True:
            order = self.storefront.ask("reading the order", "GET", f"/orders/{self.errand.order_id}")
            if order["status"] == Status.CONFIRMED:
                return
            if order["status"] == Status.CANCELLED:
                raise Failed(f"the order was cancelled: {order.get('reason')}")
            if time.monotonic() > end:
                raise Failed(f"the order is still {order['status']} after {PATIENCE} s")
            time.sleep(POLL)

    def undo(self) -> None:
        """Give back what is bought, here: a guest's order can be cancelled by no guest.

        Raises Failed, and Conflict while the order is on its way from its checkout: the next run comes back to it.
        """
        order_id = self.errand.order_id or self._bought_unnoticed()
        clean = self._next(basket_id=None, order_id=None)

        def work(unit: UnitOfWork) -> None:
            if order_id:
                telemetry.about(order_id)
                _give_back(unit, order_id)
            unit.write(canary_store.save(clean))

        run(self.environment.store, TABLE, self.cause, work)
        self.errand = clean

    def _bought_unnoticed(self) -> str | None:
        """The order of a basket whose checkout nobody has lived to remember: it is asked for once more."""
        try:
            return self._check_out() if self.errand.basket_id else None
        except Failed as failed:
            if failed.status in NEVER_BOUGHT:
                return None  # the basket expires by itself
            raise

    def remember(self, **changes: Any) -> None:
        """Before the next step: who dies at it leaves this. Raises ConditionFailed when another run took over."""
        self.errand = self._next(**changes)
        self.environment.store.transact([canary_store.save(self.errand)])

    def _next(self, **changes: Any) -> Errand:
        return self.errand.model_copy(update={"version": self.errand.version + 1, **changes})


def _give_back(unit: UnitOfWork, order_id: str) -> None:
    """One that has not come for long is given up; should it come after all, its own deadline cancels it."""
    try:
        service.react(unit, order_id, service.present(), _undone)
    except Conflict:
        if now() - minted_at(order_id) < LOST:
            raise


def _undone(order: Order, moment: Moment) -> Step:
    match order.status:
        case Status.FULFILLED:  # somebody has sent it
            return order.refund(moment)
        case Status.REFUNDED:
            return Step(order)
        case _:
            return order.cancel(CancelReason.BY_SHOP, moment)


def claimed(environment: Environment, story: str) -> Canary | None:
    """The run, unless another one is at it."""

    def work(unit: UnitOfWork) -> Errand | None:
        errand, moment = canary_store.read(unit.store), now()
        if errand.busy_until > timestamp(moment):
            return None
        until = timestamp(moment + LONGEST)
        mine = errand.model_copy(update={"version": errand.version + 1, "busy_until": until})
        unit.write(canary_store.save(mine))
        return mine

    errand = run(environment.store, TABLE, Cause(story, story), work)
    return Canary(environment, Storefront(environment.address, story), errand) if errand else None


def visit(environment: Environment) -> int:
    """One purchase, undone and measured. Answers how many were tried: none while another run is at it."""
    story = sealed_id(environment.settings.seal_key, synthetic=True)
    telemetry.follow(Cause(story, story))
    canary = claimed(environment, story)
    if canary is None:
        return 0
    succeeded = False
    try:
        bought = _done(canary.undo) and _done(canary.buy)
        succeeded = _done(canary.undo) and bought
        canary.remember(busy_until="")
    finally:
        record(CANARY_SUCCESSES, int(succeeded))
    return 1


def _done(step: Callable[[], None]) -> bool:
    try:
        step()
    except (Failed, Problem) as failed:
        telemetry.warn("the synthetic purchase failed", step=step.__name__, reason=str(failed))
        return False
    return True


purchase = schedule.handler(visit)
