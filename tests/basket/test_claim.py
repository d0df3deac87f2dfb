"""A guest signs in: the basket becomes part of the customer's own, once."""

from typing import Any

from cartwheel.basket import service
from cartwheel.basket.bodies import CheckOut
from cartwheel.basket.events import CheckoutBasket
from cartwheel.basket.model import MAX_LINES
from cartwheel.kernel.caller import Caller
from cartwheel.kernel.events import Cause
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.store import Store
from cartwheel.kernel.unit_of_work import run
from tests.basket.goods import basket, check_out, put, quantities, read, sell
from tests.support.rival import rival
from tests.support.shop import Answer, Shop

ALICE, BOB = "customer:alice", "customer:bob"


def claim(shop: Shop, basket_id: str, token: str | None = ALICE, **headers: str) -> Answer:
    return shop.request("POST", f"/baskets/{basket_id}/claim", token=token, headers=headers)


def test_a_guests_basket_becomes_the_customers(shop: Shop) -> None:
    sell(shop, tea=250)
    guest = basket(shop, tea=2)
    answer = claim(shop, guest)
    assert (answer.status, quantities(answer)) == (200, {"tea": 2})
    assert read(shop, answer.json["basketId"], ALICE).json == answer.json
    assert read(shop, answer.json["basketId"], None).status == read(shop, guest, ALICE).status == 404


def test_it_is_merged_into_the_basket_that_the_customer_has(shop: Shop) -> None:
    sell(shop, tea=250, cup=900, pot=2000)
    own = basket(shop, ALICE, tea=1, pot=3)
    answer = claim(shop, basket(shop, cup=1, tea=2, pot=1))
    assert answer.json["basketId"] == own
    assert quantities(answer) == {"cup": 1, "tea": 2, "pot": 3}


def test_lesson_basket_merge_adds_again_when_repeated(shop: Shop) -> None:
    sell(shop, tea=250, cup=900)
    basket(shop, ALICE, tea=1)
    guest = basket(shop, tea=2, cup=1)
    first = claim(shop, guest)
    put(shop, first.json["basketId"], "cup", 5, ALICE)
    again = claim(shop, guest)
    assert (again.status, again.json["basketId"]) == (200, first.json["basketId"])
    assert quantities(again) == {"tea": 2, "cup": 5}


def test_a_claim_that_meets_its_twin_is_the_same_claim(shop: Shop) -> None:
    sell(shop, tea=250)
    guest = basket(shop, tea=2)

    def claim_too(store: Store) -> Any:
        run(store, "basket", Cause(new_id(), new_id()), lambda unit: service.claim(unit, "alice", guest))

    with rival(shop, claim_too):
        answer = claim(shop, guest)
    assert (answer.status, quantities(answer)) == (200, {"tea": 2})
    assert basket(shop, ALICE) == answer.json["basketId"]


def test_a_line_put_in_while_it_is_claimed_comes_along(shop: Shop) -> None:
    sell(shop, tea=250, cup=900)
    guest = basket(shop, tea=2)

    def put_a_cup(store: Store) -> Any:
        run(store, "basket", Cause(new_id(), new_id()), lambda unit: service.put_line(unit, Caller(), guest, "cup", 1))

    with rival(shop, put_a_cup):
        assert quantities(claim(shop, guest)) == {"tea": 2, "cup": 1}


def test_nothing_can_be_put_into_a_claimed_basket(shop: Shop) -> None:
    sell(shop, tea=250)
    guest = basket(shop, tea=2)
    claim(shop, guest)
    assert put(shop, guest, "tea", 1).status == check_out(shop, guest).status == 404


def test_a_claimed_basket_cannot_be_claimed_by_another(shop: Shop) -> None:
    sell(shop, tea=250)
    guest = basket(shop, tea=2)
    claim(shop, guest)
    assert claim(shop, guest, BOB).status == 404
    assert quantities(read(shop, basket(shop, BOB), BOB)) == {}


def test_a_customers_basket_cannot_be_claimed_by_another_not_even_staff(shop: Shop) -> None:
    own = basket(shop, ALICE)
    assert claim(shop, own, BOB).status == claim(shop, own, "staff").status == 404


def test_to_claim_ones_own_basket_changes_nothing(shop: Shop) -> None:
    sell(shop, tea=250)
    own = basket(shop, ALICE, tea=2)
    answer = claim(shop, own)
    assert (answer.json["basketId"], quantities(answer)) == (own, {"tea": 2})


def test_a_checked_out_basket_cannot_be_claimed(shop: Shop) -> None:
    sell(shop, tea=250)
    guest = basket(shop, tea=2)
    check_out(shop, guest)
    assert claim(shop, guest).status == 404


def test_only_a_customer_can_claim(shop: Shop) -> None:
    assert claim(shop, basket(shop), None).status == 401


def test_two_full_baskets_do_not_fit_into_one(shop: Shop) -> None:
    sell(shop, **{f"sku{number}": 100 for number in range(41)})
    basket(shop, ALICE, **{f"sku{number}": 1 for number in range(40)})
    guest = basket(shop, sku40=1)
    assert claim(shop, guest).status == 409
    assert quantities(read(shop, guest)) == {"sku40": 1}


def test_checked_out_while_it_is_claimed_it_is_the_guests_order(shop: Shop) -> None:
    sell(shop, tea=250)
    guest = basket(shop, tea=2)

    def buy(store: Store) -> Any:
        wish = CheckOut()
        run(store, "basket", Cause(new_id(), new_id()), lambda unit: service.check_out(unit, Caller(), guest, wish))

    with rival(shop, buy):
        assert claim(shop, guest).status == 404
    assert quantities(read(shop, basket(shop, ALICE), ALICE)) == {}


def test_claimed_while_it_is_checked_out_there_is_no_order(shop: Shop) -> None:
    sell(shop, tea=250)
    guest = basket(shop, tea=2)

    def take(store: Store) -> Any:
        run(store, "basket", Cause(new_id(), new_id()), lambda unit: service.claim(unit, "alice", guest))

    with rival(shop, take):
        assert check_out(shop, guest).status == 404
    assert shop.events(CheckoutBasket) == []
    assert quantities(read(shop, basket(shop, ALICE), ALICE)) == {"tea": 2}


def test_claimed_by_two_at_once_it_is_one_customers(shop: Shop) -> None:
    sell(shop, tea=250)
    guest = basket(shop, tea=2)

    def take(store: Store) -> Any:
        run(store, "basket", Cause(new_id(), new_id()), lambda unit: service.claim(unit, "bob", guest))

    with rival(shop, take):
        assert claim(shop, guest).status == 404
    assert quantities(read(shop, basket(shop, BOB), BOB)) == {"tea": 2}
    assert quantities(read(shop, basket(shop, ALICE), ALICE)) == {}


def test_what_does_not_fit_is_refused_and_nothing_is_lost(shop: Shop) -> None:
    skus = [f"sku{number}" for number in range(MAX_LINES + 1)]
    sell(shop, **dict.fromkeys(skus, 100))
    own, guest = basket(shop, ALICE, **dict.fromkeys(skus[:-1], 1)), basket(shop, None, **{skus[-1]: 1})
    refused = claim(shop, guest)
    assert (refused.status, f"{MAX_LINES} different SKUs" in refused.json["detail"]) == (409, True)
    assert len(quantities(read(shop, own, ALICE))) == MAX_LINES
    assert quantities(read(shop, guest)) == {skus[-1]: 1}


def test_merged_beyond_all_money_it_can_be_made_less_and_is_not_sold_before(shop: Shop) -> None:
    dear = 60_000_000
    sell(shop, tea=dear, cup=dear)
    own, guest = basket(shop, ALICE, tea=999), basket(shop, cup=999)
    assert claim(shop, guest).status == 200
    assert check_out(shop, own, ALICE).status == 409
    assert put(shop, own, "cup", 1, ALICE).status == 200
    assert check_out(shop, own, ALICE).status == 202
