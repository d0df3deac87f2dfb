"""One order's payment in a real store, with every commit in the test's hand: it can crash, or be overtaken."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from cartwheel.inventory.events import StockReserved
from cartwheel.kernel.environment import Environment, install
from cartwheel.kernel.events import Cause, Envelope, Event
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.store import Item, Key, Page, Put, Query, Scan, Store, StoreError, Write
from cartwheel.ordering.events import OrderCancelled, OrderFulfilled, OrderRefunded, PaymentInstruction
from cartwheel.payment import consumers, sandbox, schedules, service, store
from cartwheel.payment.model import Payment
from cartwheel.payment.provider import key_of
from cartwheel.payment.sandbox_charge import Charge, ChargeState
from tests.support.shop import Context, Shop

ORDER = {"amount": 1999, "currency": "EUR"}
TAKEN = (ChargeState.HELD, ChargeState.CAPTURED)


class Crash(BaseException):
    """The process died here: nothing in it can catch that."""


class Failed(Exception):
    """The delivery failed; the queue will deliver again."""


class Interruptible:
    """A store that counts its transactions and lets something happen just before or after one of them."""

    def __init__(self, inner: Store) -> None:
        self._inner = inner
        self.count = 0
        self.interruptions: dict[tuple[int, str], Callable[[], None]] = {}
        self.charges: set[str] = set()

    def get(self, table: str, key: Key) -> Item | None:
        return self._inner.get(table, key)

    def query(self, query: Query) -> Page:
        return self._inner.query(query)

    def scan(self, scan: Scan) -> Page:
        return self._inner.scan(scan)

    def transact(self, writes: Sequence[Write]) -> None:
        (refused,) = self.transact_each([writes])
        if refused:
            raise refused

    def transact_each(self, transactions: Sequence[Sequence[Write]]) -> list[StoreError | None]:
        return [self._transact(writes) for writes in transactions]

    def _transact(self, writes: Sequence[Write]) -> StoreError | None:
        number, self.count = self.count, self.count + 1
        self._interrupt(number, "before")
        (refused,) = self._inner.transact_each([writes])
        self.charges |= {w.item["key"] for w in writes if isinstance(w, Put) and w.item["PK"].startswith("PROVIDER#")}
        self._interrupt(number, "after")
        return refused

    def _interrupt(self, number: int, when: str) -> None:
        interruption = self.interruptions.pop((number, when), None)
        if interruption:
            interruption()


class World:
    """A shop of which only payment is at work."""

    def __init__(self, folder: Path, token: str | None = None) -> None:
        folder.mkdir(exist_ok=True)
        self.shop = Shop(folder)
        self.store = Interruptible(self.shop.store)
        self.environment = Environment("payment-events", self.store, Settings())
        self.order_id = new_id()
        self.moment = datetime(2026, 11, 20, 12, tzinfo=UTC)
        wanted = PaymentInstruction(**ORDER, token=token)
        self.messages = {
            "reserved": self._message(StockReserved(order_id=self.order_id, payment=wanted)),
            "cancelled": self._message(OrderCancelled(order_id=self.order_id, reason="cancelled_by_shop", **ORDER)),
            "fulfilled": self._message(OrderFulfilled(order_id=self.order_id, **ORDER)),
            "refunded": self._message(OrderRefunded(order_id=self.order_id, **ORDER)),
        }

    def _message(self, event: Event) -> dict[str, object]:
        return Envelope.of(event, Cause(new_id(), new_id())).to_dict()

    def deliver(self, name: str) -> None:
        """One delivery. Raises Failed."""
        install(self.environment)
        body = json.dumps(self.messages[name])
        record = {"messageId": "1", "body": body, "attributes": {"ApproximateReceiveCount": "1"}}
        errors = consumers.handler({"Records": [record]}, Context("payment-events"))["errors"]
        if errors:
            raise Failed(errors["1"])

    def persist(self, name: str) -> None:
        """Deliver as a queue does: again after a failure. At the end it may be a dead letter."""
        for _ in range(5):
            with suppress(Crash, Failed):
                self.deliver(name)
                return

    def poll(self, later: float = 0) -> int:
        self.moment += timedelta(seconds=later)
        install(self.environment)
        return schedules.ask_and_listen(self.environment)

    def payment(self) -> Payment:
        payment = store.read(self.store, self.order_id)
        assert payment is not None
        return payment

    def charge(self) -> Charge | None:
        key = f"PROVIDER#{key_of(self.order_id)}"
        item = self.store.get("payment", Key(key, key))
        return Charge.model_validate(item) if item else None

    def taken(self) -> int:
        """How many charges the provider holds or has captured, under whatever key."""
        charges = [self.store.get("payment", Key(f"PROVIDER#{key}", f"PROVIDER#{key}")) for key in self.store.charges]
        return sum(1 for charge in charges if charge and charge["state"] in TAKEN)

    def emitted(self) -> list[str]:
        """The types of the events announced so far, in order."""
        return [envelope["detail-type"] for envelope in self.shop.envelopes()]

    def clock(self) -> datetime:
        return self.moment


@contextmanager
def world(folder: Path, token: str | None = None) -> Iterator[World]:
    """A world whose clock stands still unless a test moves it."""
    made = World(folder, token)
    with (
        patch.object(service, "now", made.clock),
        patch.object(sandbox, "now", made.clock),
        patch.object(schedules, "now", made.clock),
    ):
        yield made
    made.shop.close()


def crash() -> None:
    raise Crash
