"""A shopper who does anything in any order, sends requests twice and is never charged for what was not shown."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from cartwheel.basket.events import CheckoutBasket
from tests.basket.goods import basket, check_out, put, read, sell, withdraw
from tests.support.shop import Shop

SKUS = ("tea", "cup", "pot")
CENTS = st.integers(0, 5000)


@dataclass
class Expected:
    """What a basket should hold: quantity and price in cents when it was put in; the order once it is checked out."""

    lines: dict[str, tuple[int, int]] = field(default_factory=dict)
    order: dict[str, Any] | None = None


class BasketMachine(RuleBasedStateMachine):
    baskets = Bundle("baskets")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.shop = Shop(Path(self.folder.name))
        self.prices: dict[str, int] = {}
        self.expected: dict[str, Expected] = {}
        self.bought: dict[str, dict[str, tuple[int, int]]] = {}

    def teardown(self) -> None:
        self.shop.close()
        self.folder.cleanup()

    @initialize(prices=st.fixed_dictionaries(dict.fromkeys(SKUS, CENTS)))
    def open_shop(self, prices: dict[str, int]) -> None:
        for sku, cents in prices.items():
            self.price(sku, cents)

    @rule(sku=st.sampled_from(SKUS), cents=CENTS)
    def price(self, sku: str, cents: int) -> None:
        sell(self.shop, **{sku: cents})
        self.prices[sku] = cents

    @rule(sku=st.sampled_from(SKUS))
    def withdraw(self, sku: str) -> None:
        withdraw(self.shop, sku)
        self.prices.pop(sku, None)

    @rule(target=baskets)
    def open_basket(self) -> str:
        basket_id = basket(self.shop)
        self.expected[basket_id] = Expected()
        return basket_id

    @rule(basket_id=baskets, sku=st.sampled_from(SKUS), quantity=st.integers(-1, 9))
    def put(self, basket_id: str, sku: str, quantity: int) -> None:
        known = self.expected[basket_id]
        answer = put(self.shop, basket_id, sku, quantity)
        if quantity < 1:
            assert answer.status == 422
        elif known.order or sku not in self.prices:
            assert answer.status == 404
        else:
            assert answer.status == 200
            known.lines[sku] = (quantity, known.lines.get(sku, (0, self.prices[sku]))[1])

    @rule(basket_id=baskets, sku=st.sampled_from(SKUS))
    def remove(self, basket_id: str, sku: str) -> None:
        lines = self.expected[basket_id].lines
        answer = self.shop.request("DELETE", f"/baskets/{basket_id}/lines/{sku}")
        assert answer.status == (200 if lines.pop(sku, None) else 404)

    @rule(
        basket_id=baskets, accept=st.booleans(), key=st.none() | st.sampled_from(["k1", "k2"]), times=st.integers(1, 2)
    )
    def check_out(self, basket_id: str, accept: bool, key: str | None, times: int) -> None:
        known = self.expected[basket_id]
        # A key names one request: what it is used for is part of it.
        own_key = key and f"{key}-{basket_id}-{accept}"
        for _ in range(times):
            possible = known.order or self._can_be_bought(known, accept)
            answer = check_out(self.shop, basket_id, key=own_key, acceptPriceChanges=accept)
            assert answer.status == (202 if possible else 409)
            if possible and known.order:
                assert answer.json == known.order
            elif possible:
                known.order = answer.json
                bought = {sku: (quantity, self.prices[sku]) for sku, (quantity, _) in known.lines.items()}
                self.bought[answer.json["orderId"]] = bought
                known.lines.clear()

    def _can_be_bought(self, known: Expected, accept: bool) -> bool:
        unchanged = all(self.prices.get(sku) == cents for sku, (_, cents) in known.lines.items())
        sold = all(sku in self.prices for sku in known.lines)
        return bool(known.lines) and sold and (accept or unchanged)

    @invariant()
    def baskets_are_what_the_shopper_made_them(self) -> None:
        for basket_id, known in self.expected.items():
            answer = read(self.shop, basket_id)
            assert answer.status == (404 if known.order else 200)
            if not known.order:
                shown = {line["sku"]: line["quantity"] for line in answer.json["lines"]}
                assert shown == {sku: quantity for sku, (quantity, _) in known.lines.items()}
                cents = sum(self.prices.get(sku, 0) * quantity for sku, quantity in shown.items())
                assert round(answer.json["total"] * 100) == cents

    @invariant()
    def every_checkout_is_told_once_at_the_prices_shown(self) -> None:
        told = self.shop.events(CheckoutBasket)
        assert len(told) == len(self.bought)
        for event in told:
            lines = {line.sku: (line.quantity, line.unit_price) for line in event.lines}
            assert lines == self.bought[event.order_id]


TestBaskets = BasketMachine.TestCase
TestBaskets.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
