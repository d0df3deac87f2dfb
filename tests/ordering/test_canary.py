"""The shop buys of itself, and whatever goes wrong meanwhile, nothing of it is left in the end."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from cartwheel.app import APP
from cartwheel.kernel import metrics
from cartwheel.kernel.clock import now
from cartwheel.kernel.ids import is_sealed, is_synthetic, new_id, sealed_id
from cartwheel.kernel.settings import InvalidSetting, Settings
from cartwheel.ledger.metrics import METRICS
from cartwheel.ordering import canary, canary_store
from cartwheel.ordering.canary_store import Errand
from cartwheel.ordering.events import OrderCancelled, OrderPlaced
from cartwheel.ordering.storefront import SECONDS, Failed
from tests.basket import goods
from tests.support.rival import rival
from tests.support.shop import Shop

SKU: Final = "seed"
KEY: Final = "the shop's own"
BUSINESS: Final = {metric.name for metric in METRICS} | {"BasketsFilled"}
STEPS: Final = ("opening a basket", f"putting {SKU} into it", "checking out", "reading the order")


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Visitor:
    """The `Storefront` of a shop in this process: what was accepted is done at once, unless it is `slow`."""

    shop: Shop
    story: str = ""
    slow: bool = False
    before: Callable[[str], None] = lambda what: None
    after: Callable[[str], None] = lambda what: None
    asked: list[str] = field(default_factory=list)

    def ask(self, what: str, method: str, path: str, document: Any = None) -> dict[str, Any]:
        self.before(what)
        self.asked.append(what)
        answer = self.shop.request(method, path, document, headers={"x-correlation-id": self.story})
        if not self.slow:
            self.shop.drain()
        self.after(what)
        if answer.status >= 300:
            raise Failed(f"{what}: {answer.status} {answer.json['detail']}", answer.status)
        return dict(answer.json)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path, Settings(canary_sku=SKU, seal_key=KEY))
    goods.sell(shop, seed=999)
    stock(shop, 3)
    metrics.take()
    yield shop
    metrics.take()
    shop.close()


@pytest.fixture
def visitor(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    visitor = Visitor(shop)

    def storefront(_: str, story: str) -> Visitor:
        visitor.story = story
        return visitor

    monkeypatch.setattr(canary, "Storefront", storefront)
    return visitor


def stock(shop: Shop, quantity: int) -> None:
    assert shop.request("PUT", f"/stock/{SKU}", {"quantity": quantity}, token="staff").status == 200


def recorded(shop: Shop) -> dict[str, Any]:
    """What was measured until now, when all is done."""
    shop.drain()
    return {name: values[0] for (name, _, _), values in metrics.take().items()}


def run(shop: Shop) -> dict[str, Any]:
    shop.run_schedule("ordering-canary")
    return recorded(shop)


def is_clean(shop: Shop, quantity: int = 3) -> None:
    """Nothing is bought, held or remembered any more."""
    shop.drain()
    left = {event.order_id for event in shop.events(OrderPlaced)}
    assert {event.order_id for event in shop.events(OrderCancelled)} == left
    told = shop.request("GET", f"/stock/{SKU}", token="staff").json
    assert (told["available"], told["reserved"]) == (quantity, 0)
    errand = canary_store.read(shop.store)
    assert (errand.basket_id, errand.order_id) == (None, None)
    assert shop.dead_letters() == []


def reasons(log: io.StringIO) -> list[str]:
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line["reason"] for line in lines if line["message"] == "the synthetic purchase failed"]


def test_it_buys_undoes_and_measures_and_is_no_business(shop: Shop, visitor: Visitor) -> None:
    found = run(shop)
    assert found["CanarySuccesses"] == 1
    assert found["CanaryDuration"] > 0
    assert found.keys() & BUSINESS == set()
    assert visitor.asked == list(STEPS)
    is_clean(shop)
    (order,) = shop.events(OrderCancelled)
    assert (order.reason, order.email) == ("cancelled_by_shop", None)
    assert is_synthetic(order.order_id)
    assert is_sealed(order.order_id, KEY)
    assert run(shop)["CanarySuccesses"] == 1
    is_clean(shop)


def test_a_shopper_beside_it_is_business(shop: Shop, visitor: Visitor) -> None:
    def buy(what: str) -> None:
        if what == STEPS[0]:
            goods.check_out(shop, goods.basket(shop, seed=1))

    visitor.after = buy
    found = run(shop)
    assert (found["BasketsFilled"], found["BasketsCheckedOut"], found["Payments"]) == (1, 1, 1)


@pytest.mark.parametrize(
    "story",
    [new_id(), sealed_id("another's", synthetic=True), sealed_id(KEY)],
    ids=["not sealed", "sealed by another", "not synthetic"],
)
def test_nobody_else_can_say_that_it_is_no_business(shop: Shop, story: str) -> None:
    headers = {"x-correlation-id": story}
    basket = shop.request("POST", "/baskets", headers=headers).json["basketId"]
    shop.request("PUT", f"/baskets/{basket}/lines/{SKU}", {"quantity": 1}, headers=headers)
    order_id = shop.request("POST", f"/baskets/{basket}/checkout", {}, headers=headers).json["orderId"]
    assert not is_synthetic(order_id)
    assert recorded(shop).keys() >= {"Orders", "Payments", "BasketsFilled", "BasketsCheckedOut"}


def test_two_runs_at_once_are_one(shop: Shop, visitor: Visitor) -> None:
    twins: list[int] = []
    visitor.after = lambda what: twins.append(shop.run_schedule("ordering-canary"))
    found = run(shop)
    assert (twins, found["CanarySuccesses"]) == ([0] * len(STEPS), 1)
    assert visitor.asked == list(STEPS)
    is_clean(shop)


def test_of_two_that_begin_at_the_same_moment_one_goes_on(shop: Shop, visitor: Visitor) -> None:
    other = Errand(version=1, busy_until="9999")
    with rival(shop, lambda store: store.transact([canary_store.save(other)])):
        assert shop.run_schedule("ordering-canary") == 0
    assert (visitor.asked, canary_store.read(shop.store)) == ([], other)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_what_a_run_that_died_left_is_undone_by_the_next(
    shop: Shop, visitor: Visitor, step: str, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(what: str) -> None:
        if what == step:
            raise Killed

    setattr(visitor, moment, die)
    with pytest.raises(Killed):
        shop.run_schedule("ordering-canary")
    setattr(visitor, moment, lambda what: None)
    recorded(shop)
    assert run(shop) == {}  # it may be at it still
    monkeypatch.setattr(canary, "now", lambda: now() + canary.LONGEST)
    assert run(shop)["CanarySuccesses"] == 1
    is_clean(shop)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_shop_that_does_not_answer_is_a_failure(
    shop: Shop, visitor: Visitor, step: str, moment: str, log: io.StringIO
) -> None:
    def overloaded(what: str) -> None:
        if what == step:
            raise Failed(f"{what}: 503 Too much to do", 503)

    setattr(visitor, moment, overloaded)
    assert run(shop)["CanarySuccesses"] == 0
    assert f"{step}: 503 Too much to do" in reasons(log)
    setattr(visitor, moment, lambda what: None)
    assert run(shop)["CanarySuccesses"] == 1
    is_clean(shop)


def test_an_order_that_stays_on_its_way_is_a_failure_until_it_can_be_undone(
    shop: Shop, visitor: Visitor, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canary, "PATIENCE", 0)
    visitor.slow = True
    shop.run_schedule("ordering-canary")
    assert shop.run_schedule("ordering-canary") == 1
    assert visitor.asked == list(STEPS)  # not another one, as long as there is one
    assert reasons(log)[0] == "the order is still PENDING after 0 s"
    assert "still on its way" in reasons(log)[1]
    assert recorded(shop)["CanarySuccesses"] == 0
    visitor.slow = False
    assert run(shop)["CanarySuccesses"] == 1
    is_clean(shop)


def test_an_order_that_never_comes_is_given_up(shop: Shop, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "PATIENCE", 0)
    visitor.slow = True
    shop.run_schedule("ordering-canary")
    metrics.take()
    visitor.slow = False
    visitor.before = lambda what: monkeypatch.setattr(canary, "PATIENCE", 30)
    monkeypatch.setattr(canary, "now", lambda: now() + canary.LOST)
    assert run(shop)["CanarySuccesses"] == 1


def test_a_sku_that_is_not_sold(shop: Shop, visitor: Visitor, log: io.StringIO) -> None:
    goods.withdraw(shop, SKU)
    assert run(shop)["CanarySuccesses"] == 0
    assert reasons(log) == [f"{STEPS[1]}: 404 This SKU is not sold here. GET /products lists what is."]
    is_clean(shop)


def test_a_sku_that_is_sold_out(shop: Shop, visitor: Visitor, log: io.StringIO) -> None:
    stock(shop, 0)
    found = run(shop)
    assert found["CanarySuccesses"] == 0
    assert found.keys() & BUSINESS == set()
    assert reasons(log) == ["the order was cancelled: out_of_stock"]
    is_clean(shop, 0)


def test_a_payment_that_is_declined(shop: Shop, visitor: Visitor, log: io.StringIO) -> None:
    shop.settings = Settings(canary_sku=SKU, seal_key=KEY, canary_payment_token="tok_decline")
    found = run(shop)
    assert found["CanarySuccesses"] == 0
    assert found.keys() & BUSINESS == set()
    assert reasons(log) == ["the order was cancelled: payment_declined"]
    is_clean(shop)


def test_an_order_that_somebody_has_sent_is_paid_back(shop: Shop, visitor: Visitor) -> None:
    def send(what: str) -> None:
        if what == STEPS[3]:
            order_id = canary_store.read(shop.store).order_id
            assert shop.request("POST", f"/orders/{order_id}/fulfil", token="staff").status == 200

    visitor.after = send
    found = run(shop)
    assert found["CanarySuccesses"] == 1
    assert found.keys() & BUSINESS == set()
    order_id = shop.events(OrderPlaced)[0].order_id
    assert shop.request("GET", f"/orders/{order_id}").json["status"] == "REFUNDED"


def test_it_is_there_only_where_it_is_switched_on() -> None:
    off, on = APP.switched(Settings()), APP.switched(Settings(canary_sku=SKU))
    assert on == APP
    assert APP.functions.keys() - off.functions.keys() == {"ordering-canary"}
    ordering = {part.name: part for part in off.slices}["ordering"]
    assert (ordering.metrics, ordering.alarms) == ([], [])
    assert [each for each in ordering.all_watched if each.widgets] == []


def test_its_run_ends_before_the_next_and_outlives_its_function() -> None:
    (due,) = [each for each in APP.schedules if each.switch == "canary_sku"]
    assert due.function.timeout < canary.LONGEST < due.every
    late = 2 * SECONDS  # the last answer, and the first of what is undone before
    assert timedelta(seconds=canary.PATIENCE + late) < due.function.timeout


def test_a_guest_who_is_kept_out_can_buy_nothing() -> None:
    with pytest.raises(InvalidSetting, match=r"^CARTWHEEL_CANARY_SKU .*REQUIRE_TOKEN=true.*: leave one of them out$"):
        Settings.read({"CARTWHEEL_CANARY_SKU": "seed", "CARTWHEEL_REQUIRE_TOKEN": "true"})
