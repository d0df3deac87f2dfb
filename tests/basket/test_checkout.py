"""A checkout: one order, at the right price, and the basket is gone exactly when its event is safe."""

from collections.abc import Sequence
from typing import Any

import pytest

from cartwheel.basket import service
from cartwheel.basket.bodies import CheckOut
from cartwheel.basket.events import CheckedOutLine, CheckoutBasket
from cartwheel.basket.projection import project
from cartwheel.kernel.bus import Rejected
from cartwheel.kernel.caller import Caller
from cartwheel.kernel.events import Cause, Envelope
from cartwheel.kernel.ids import is_sealed, new_id
from cartwheel.kernel.money import MAX_AMOUNT
from cartwheel.kernel.outbox import unsent
from cartwheel.kernel.relay import relay
from cartwheel.kernel.store import Store
from cartwheel.kernel.unit_of_work import run
from cartwheel.kernel.vault import EMAIL, open_sealed
from tests.basket.goods import basket, check_out, offer, offers, put, read, sell, withdraw
from tests.support.rival import rival
from tests.support.shop import Shop

ALICE, BOB = "customer:alice", "customer:bob"


def test_a_basket_becomes_an_order(shop: Shop) -> None:
    sell(shop, tea=250, cup=900)
    basket_id = basket(shop, tea=2, cup=1)
    answer = check_out(shop, basket_id, email="ann@example.com", paymentToken="tok_approve", expectedTotal=14)
    assert answer.status == 202
    order_id = answer.json["orderId"]
    assert answer.json == {"orderId": order_id, "status": "PENDING", "total": 14, "currency": "EUR"}
    assert is_sealed(order_id, shop.settings.seal_key)
    (event,) = shop.events(CheckoutBasket)
    assert [event.model_copy(update={"email": open_sealed(shop.store, EMAIL, event.email or "")})] == [
        CheckoutBasket(
            basket_id=basket_id,
            order_id=order_id,
            lines=[
                CheckedOutLine(sku="tea", name="Tea", quantity=2, unit_price=250),
                CheckedOutLine(sku="cup", name="Cup", quantity=1, unit_price=900),
            ],
            currency="EUR",
            email="ann@example.com",
            payment_token="tok_approve",
        )
    ]


def test_a_checked_out_basket_is_gone(shop: Shop) -> None:
    sell(shop, tea=250)
    basket_id = basket(shop, tea=2)
    check_out(shop, basket_id)
    assert read(shop, basket_id).status == put(shop, basket_id, "tea", 1).status == 404
    assert shop.request("DELETE", f"/baskets/{basket_id}").status == 404


@pytest.mark.parametrize("key", [None, "k1"])
def test_lesson_charged_twice_on_refresh(shop: Shop, key: str | None) -> None:
    sell(shop, tea=250)
    basket_id = basket(shop, tea=2)
    first, second = check_out(shop, basket_id, key=key), check_out(shop, basket_id, key=key)
    assert (first.status, first.json) == (second.status, second.json)
    assert check_out(shop, basket_id, key="another", email="ann@example.com").json == first.json
    assert len(shop.events(CheckoutBasket)) == 1


def test_a_checkout_that_meets_its_twin_is_the_same_checkout(shop: Shop) -> None:
    sell(shop, tea=250)
    basket_id = basket(shop, tea=2)
    with rival(shop, _checks_out(basket_id)):
        answer = check_out(shop, basket_id)
    assert answer.status == 202
    assert [event.order_id for event in shop.events(CheckoutBasket)] == [answer.json["orderId"]]


def _checks_out(basket_id: str) -> Any:
    def work(store: Store) -> None:
        run(
            store,
            "basket",
            Cause(new_id(), new_id()),
            lambda unit: service.check_out(unit, Caller(), basket_id, CheckOut()),
        )

    return work


def test_what_is_put_in_while_it_is_checked_out_is_either_bought_or_refused(shop: Shop) -> None:
    sell(shop, tea=250, cup=900)
    basket_id = basket(shop, tea=2)
    with rival(shop, _checks_out(basket_id)):
        assert put(shop, basket_id, "cup", 1).status == 404
    assert [line.sku for line in shop.events(CheckoutBasket)[0].lines] == ["tea"]


def test_a_basket_that_is_checked_out_meanwhile_is_not_discarded(shop: Shop) -> None:
    sell(shop, tea=250)
    basket_id = basket(shop, tea=2)
    with rival(shop, _checks_out(basket_id)):
        assert shop.request("DELETE", f"/baskets/{basket_id}").status == 404
    assert check_out(shop, basket_id).json["orderId"] == shop.events(CheckoutBasket)[0].order_id


class _RefusingBus:
    """A bus that takes nothing."""

    def publish(self, entries: Sequence[Envelope]) -> list[Rejected]:
        return [Rejected(position, "throttled") for position in range(len(entries))]


def test_lesson_checkout_empties_basket_though_the_event_was_rejected(shop: Shop) -> None:
    """The basket is gone only together with its event, and that stays in the outbox until the bus takes it."""
    sell(shop, tea=250)
    order_id = check_out(shop, basket(shop, tea=2)).json["orderId"]
    refused = relay(shop.store, _RefusingBus(), "basket", list(unsent(shop.store, "basket")))
    assert (refused.sent, len(refused.failed)) == (0, 1)
    assert [event.order_id for event in shop.events(CheckoutBasket)] == [order_id]


def test_a_changed_price_is_refused_with_the_way_out(shop: Shop) -> None:
    sell(shop, tea=250, cup=900)
    basket_id = basket(shop, tea=2, cup=1)
    sell(shop, tea=300)
    answer = check_out(shop, basket_id)
    assert (answer.status, answer.json["type"].rpartition("/")[2]) == (409, "price-changed")
    assert answer.json["errors"] == [{"field": "lines.tea", "reason": "Tea was 2.50 EUR, is 3.00 EUR"}]
    assert "acceptPriceChanges" in answer.json["detail"]
    assert check_out(shop, basket_id, acceptPriceChanges=True).json["total"] == 15
    assert [line.unit_price for line in shop.events(CheckoutBasket)[0].lines] == [300, 900]


def test_a_lower_price_is_a_changed_one_too(shop: Shop) -> None:
    sell(shop, tea=250)
    basket_id = basket(shop, tea=2)
    sell(shop, tea=200)
    assert check_out(shop, basket_id).status == 409
    sell(shop, tea=250)
    assert check_out(shop, basket_id).status == 202


def test_what_was_withdrawn_is_refused_with_the_way_out(shop: Shop) -> None:
    sell(shop, tea=250, cup=900)
    basket_id = basket(shop, tea=2, cup=1)
    withdraw(shop, "tea")
    answer = check_out(shop, basket_id, acceptPriceChanges=True)
    assert (answer.status, answer.json["type"].rpartition("/")[2]) == (409, "unavailable")
    assert [error["field"] for error in answer.json["errors"]] == ["lines.tea"]
    shop.request("DELETE", f"/baskets/{basket_id}/lines/tea")
    assert check_out(shop, basket_id).json["total"] == 9


def test_another_total_than_expected_is_refused_with_the_total(shop: Shop) -> None:
    sell(shop, tea=250)
    basket_id = basket(shop, tea=2)
    answer = check_out(shop, basket_id, expectedTotal=4.99)
    assert (answer.status, "5.00 EUR" in answer.json["detail"]) == (409, True)
    assert check_out(shop, basket_id, expectedTotal=5).status == 202


def test_lesson_checkout_stuck_on_409_that_a_shopper_cannot_leave(shop: Shop) -> None:
    """Everything changes at once; the answers alone lead to the order."""
    sell(shop, tea=250, cup=900)
    basket_id = basket(shop, tea=2, cup=1)
    sell(shop, tea=300)
    withdraw(shop, "cup")
    gone = check_out(shop, basket_id, expectedTotal=14)
    for error in gone.json["errors"]:
        shop.request("DELETE", f"/baskets/{basket_id}/lines/{error['field'].removeprefix('lines.')}")
    assert check_out(shop, basket_id, expectedTotal=14).status == 409
    assert check_out(shop, basket_id, expectedTotal=14, acceptPriceChanges=True).status == 409
    total = read(shop, basket_id).json["total"]
    assert check_out(shop, basket_id, expectedTotal=total, acceptPriceChanges=True).status == 202


def test_an_empty_basket_is_refused(shop: Shop) -> None:
    answer = check_out(shop, basket(shop))
    assert (answer.status, "empty" in answer.json["detail"]) == (409, True)


def test_a_total_beyond_the_limit_is_refused(shop: Shop) -> None:
    sell(shop, gold=100)
    basket_id = basket(shop, gold=2)
    sell(shop, gold=int(MAX_AMOUNT) * 50)
    answer = check_out(shop, basket_id, acceptPriceChanges=True)
    assert (answer.status, "lower the quantities" in answer.json["detail"]) == (409, True)


def test_the_price_is_the_one_in_force_when_the_order_is_stored(shop: Shop) -> None:
    sell(shop, tea=250)
    basket_id = basket(shop, tea=2)

    def raise_the_price(store: Store) -> None:
        run(store, "basket", Cause(new_id(), new_id()), lambda unit: project(unit, "tea", 10**9, [offer("tea", 300)]))

    with rival(shop, raise_the_price):
        assert check_out(shop, basket_id).status == 409
    assert shop.events(CheckoutBasket) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "ann"),
        ("email", "ann@example.com\nBcc: x@example.com"),
        ("paymentToken", ""),
        ("expectedTotal", 5.001),
        ("expectedTotal", "5"),
        ("expectedTotal", -5),
        ("acceptPriceChanges", "yes"),
        ("total", 1),
    ],
)
def test_a_wrong_field_is_refused_by_name(shop: Shop, field: str, value: Any) -> None:
    sell(shop, tea=250)
    basket_id = basket(shop, tea=2)
    answer = check_out(shop, basket_id, **{field: value})
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, f"body.{field}")
    assert read(shop, basket_id).status == 200


def test_a_checkout_needs_no_body(shop: Shop) -> None:
    sell(shop, tea=250)
    assert shop.request("POST", f"/baskets/{basket(shop, tea=2)}/checkout").status == 202


@pytest.mark.parametrize(
    ("owner", "buyer", "customer"),
    [(None, None, None), (ALICE, ALICE, "alice"), (ALICE, "staff", "alice"), (None, BOB, "bob"), (None, "staff", None)],
)
def test_the_order_is_whose_basket_it_was(
    shop: Shop, owner: str | None, buyer: str | None, customer: str | None
) -> None:
    sell(shop, tea=250)
    basket_id = basket(shop, owner, tea=2)
    assert check_out(shop, basket_id, buyer).status == 202
    assert shop.events(CheckoutBasket)[0].customer_id == customer


def test_the_receipt_of_a_customers_basket_is_not_for_others(shop: Shop) -> None:
    sell(shop, tea=250)
    basket_id = basket(shop, ALICE, tea=2)
    order_id = check_out(shop, basket_id, ALICE).json["orderId"]
    assert check_out(shop, basket_id, BOB).status == check_out(shop, basket_id).status == 404
    assert check_out(shop, basket_id, ALICE).json["orderId"] == order_id


def test_a_customer_starts_anew_after_a_checkout(shop: Shop) -> None:
    sell(shop, tea=250)
    first = basket(shop, ALICE, tea=2)
    check_out(shop, first, ALICE)
    second = basket(shop, ALICE, tea=1)
    assert second != first
    assert check_out(shop, second, ALICE).json["total"] == 2.5


def test_the_sale_price_is_charged(shop: Shop) -> None:
    offers(shop, "tea", 1, offer("tea", 250, sale=199))
    assert check_out(shop, basket(shop, tea=3)).json["total"] == 5.97
