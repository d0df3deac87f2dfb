"""A guest who signs in gets their order into their list: by its id, once, and for good."""

from collections.abc import Callable

import pytest

from cartwheel.kernel.events import Cause
from cartwheel.kernel.ids import new_id, sealed_id
from cartwheel.kernel.store import Store
from cartwheel.kernel.unit_of_work import UnitOfWork, run
from cartwheel.kernel.vault import EMAIL, forget, open_sealed
from cartwheel.ordering import service
from cartwheel.ordering.events import OrderFulfilled
from cartwheel.ordering.model import Order
from cartwheel.ordering.store import find, save
from tests.identity.people import everything
from tests.ordering import orders
from tests.support.rival import rival
from tests.support.shop import Answer, Shop

ALICE, BOB = "customer:alice", "customer:bob"
ADDRESS = "ann@example.com"


def claim(shop: Shop, order_id: str, token: str | None = ALICE) -> Answer:
    return shop.request("POST", f"/orders/{order_id}/claim", token=token)


def listed(shop: Shop, token: str) -> list[str]:
    return [order["orderId"] for order in shop.request("GET", "/orders", token=token).json["items"]]


def erase(shop: Shop, token: str) -> None:
    assert shop.request("DELETE", "/me", {"confirm": "ERASE"}, token=token).status == 204


def test_a_guests_order_becomes_the_customers(shop: Shop) -> None:
    order_id = orders.confirm(shop)
    assert (claim(shop, order_id).status, listed(shop, ALICE)) == (200, [order_id])
    seen = {who: shop.request("GET", f"/orders/{order_id}", token=who).status for who in (None, BOB, ALICE, "staff")}
    assert seen == {None: 404, BOB: 404, ALICE: 200, "staff": 200}
    assert shop.request("POST", f"/orders/{order_id}/cancel", token=ALICE).json["reason"] == "cancelled_by_customer"


def test_a_second_claim_is_the_same_claim(shop: Shop) -> None:
    order_id = orders.submit(shop, email=ADDRESS)
    first, second = claim(shop, order_id), claim(shop, order_id)
    assert (second.status, second.json) == (200, first.json)
    assert listed(shop, ALICE) == [order_id]


@pytest.mark.parametrize("owner", [BOB, "staff"])
def test_nobody_claims_what_belongs_to_another(shop: Shop, owner: str) -> None:
    order_id = orders.submit(shop, token=owner)
    unknown = claim(shop, new_id())
    assert (claim(shop, order_id).status, claim(shop, order_id).body) == (404, unknown.body)
    assert listed(shop, owner) == [order_id]


def test_of_two_who_know_the_id_the_first_has_it(shop: Shop) -> None:
    order_id = orders.submit(shop)
    claim(shop, order_id, BOB)
    assert claim(shop, order_id).status == 404


def test_of_two_at_once_one_has_it(shop: Shop) -> None:
    order_id = orders.submit(shop, email=ADDRESS)
    with rival(shop, lambda store: _become(store, order_id, lambda order: order.claim("bob"))):
        assert claim(shop, order_id).status == 404
    assert (listed(shop, ALICE), listed(shop, BOB)) == ([], [order_id])


def test_what_happens_meanwhile_is_not_undone(shop: Shop) -> None:
    order_id = orders.submit(shop)
    with rival(shop, lambda store: _become(store, order_id, lambda order: order.place(service.present()).order)):
        assert claim(shop, order_id).json["status"] == "PLACED"


def _become(store: Store, order_id: str, change: Callable[[Order], Order]) -> None:
    def work(unit: UnitOfWork) -> None:
        order = find(unit.store, order_id)
        assert order
        unit.write(save(change(order)))

    run(store, "ordering", Cause(new_id(), new_id()), work)


def test_staff_knows_every_id_so_that_proves_nothing(shop: Shop) -> None:
    assert claim(shop, orders.submit(shop), "staff").status == 403


def test_a_guest_has_nobody_to_claim_it_for(shop: Shop) -> None:
    assert claim(shop, orders.submit(shop), None).status == 401


def test_an_order_that_is_still_on_its_way_can_be_claimed_in_a_moment(shop: Shop) -> None:
    answer = claim(shop, sealed_id(shop.settings.seal_key))
    assert answer.status == 409
    assert "try again" in answer.json["detail"]


def test_its_mails_still_find_their_way(shop: Shop) -> None:
    order_id = orders.confirm(shop, email=ADDRESS)
    claim(shop, order_id)
    shop.request("POST", f"/orders/{order_id}/fulfil", token="staff")
    (told,) = shop.events(OrderFulfilled)
    assert open_sealed(shop.store, EMAIL, told.email or "") == ADDRESS


def test_when_the_customer_is_erased_the_address_goes_too(shop: Shop) -> None:
    order_id = orders.confirm(shop, email=ADDRESS)
    shop.drain()
    claim(shop, order_id)
    erase(shop, ALICE)
    shop.drain()
    sealed = orders.item(shop, order_id)["email"]
    assert open_sealed(shop.store, EMAIL, sealed) is None
    assert ADDRESS not in everything(shop)


def test_an_erased_customer_claims_nothing(shop: Shop) -> None:
    erase(shop, ALICE)
    order_id = orders.submit(shop, email=ADDRESS)
    assert claim(shop, order_id).status == 410
    assert shop.request("GET", f"/orders/{order_id}").status == 200


def test_a_guest_who_was_forgotten_stays_so(shop: Shop) -> None:
    order_id = orders.submit(shop, email=ADDRESS)
    shop.store.transact([forget(order_id)])
    assert claim(shop, order_id).status == 200
    assert open_sealed(shop.store, EMAIL, orders.item(shop, order_id)["email"]) is None
