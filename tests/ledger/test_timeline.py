"""`GET /orders/{order_id}/timeline`: whole stories of a shop, as staff read them."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from cartwheel.inventory import service as inventory
from cartwheel.kernel.clock import now
from cartwheel.kernel.errors import Conflict
from cartwheel.kernel.journal import NoJournal
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.store import AccessDenied
from cartwheel.local.letters import Selection, Step
from cartwheel.ordering import service as ordering
from tests.acceptance.hosts import id_of
from tests.basket.goods import basket, sell
from tests.support.shop import Answer, Shop

pytestmark = pytest.mark.usefixtures("logged")

PERSON = "alice@example.com"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path, Settings(stock_deadline=0.001))
    yield shop
    shop.close()


def order(shop: Shop, token: str = "tok_approve", **headers: str) -> str:
    body = {"amount": 12.5, "currency": "EUR", "email": PERSON, "paymentToken": token}
    return str(shop.request("POST", "/orders", body, headers=headers).json["orderId"])


def buy(shop: Shop) -> str:
    sell(shop, mug=1250)
    shop.request("PUT", "/stock/mug", {"quantity": 5}, token="staff")
    wish = {"email": PERSON, "paymentToken": "tok_approve"}
    return str(shop.request("POST", f"/baskets/{basket(shop, mug=2)}/checkout", wish).json["orderId"])


def asked(shop: Shop, order_id: str, token: str | None = "staff") -> Answer:
    return shop.request("GET", f"/orders/{order_id}/timeline", token=token)


def timeline(shop: Shop, order_id: str) -> Any:
    answer = asked(shop, order_id)
    assert answer.status == 200, answer.body
    assert "@" not in answer.body
    assert "tok_" not in answer.body
    times = [entry["at"] for entry in answer.json["entries"]]
    assert times == sorted(times)
    return answer.json


def told(shop: Shop, order_id: str) -> list[tuple[str, str]]:
    return [(entry["kind"], entry["what"]) for entry in timeline(shop, order_id)["entries"]]


def act(shop: Shop, order_id: str, what: str) -> None:
    assert shop.request("POST", f"/orders/{order_id}/{what}", token="staff:bob").status == 200
    shop.drain()


def test_the_whole_story_of_a_basket(shop: Shop) -> None:
    order_id = buy(shop)
    shop.drain()
    found = timeline(shop, order_id)
    kinds = [entry["kind"] for entry in found["entries"]]
    (request, *_), whats = found["entries"], [entry["what"] for entry in found["entries"]]
    assert request["kind"] == "request"
    assert request["what"].endswith("/checkout → 202")
    order_of_things = [
        "CheckoutBasket",
        "CheckoutBasket handled",
        "OrderPlaced",
        "OrderPlaced handled",
        "StockReserved",
    ]
    order_of_things += [
        "authorise: authorised",
        "PaymentAuthorised: 25.00 EUR",
        "OrderConfirmed",
        "MessageSent: confirmed",
    ]
    assert [what for what in whats if what in order_of_things] == order_of_things
    assert found["entries"][1]["causedBy"] == request["id"]
    assert (kinds.count("payment"), kinds.count("mail")) == (1, 1)
    assert found["missing"] == found["open"] == []
    assert found["status"] == shop.request("GET", f"/orders/{order_id}").json["status"] == "CONFIRMED"
    assert found["waitsFor"]["what"] == "staff to send it"


def test_it_is_known_as_soon_as_it_was_accepted(shop: Shop) -> None:
    for order_id in (order(shop), buy(shop)):
        found = timeline(shop, order_id)
        assert [entry["kind"] for entry in found["entries"]] == ["request"]
        assert found["status"] == "PENDING"


def test_what_is_not_in_the_ledger_yet_is_said_to_be_missing(shop: Shop) -> None:
    order_id = order(shop)
    shop.relay()
    assert "1 events of it wait to be kept" in timeline(shop, order_id)["missing"][0]


def test_what_others_were_given_before_the_ledger_counts(shop: Shop) -> None:
    order_id = order(shop)
    for name in ("ordering-placement", "inventory-events", "ordering-events", "payment-events", "ordering-events"):
        shop.relay()
        shop._drain_queue(name, 10, allow_failures=False)
    found = timeline(shop, order_id)
    assert not [entry for entry in found["entries"] if entry["kind"] == "event"]
    assert (found["status"], found["waitsFor"]["on"]) == ("RESERVED", "ordering-events")
    shop.relay()
    assert timeline(shop, order_id)["status"] == "CONFIRMED"
    assert timeline(shop, order_id)["waitsFor"]["what"] == "staff to send it"


def test_a_poisoned_consumer_is_named_with_its_error_and_the_remedy(shop: Shop) -> None:
    order_id = order(shop)
    with patch.object(inventory, "reserve", side_effect=LookupError(f"no shelf for {PERSON}")):
        shop.drain(allow_failures=True)
        found = timeline(shop, order_id)
        (letter,) = found["open"]
        assert [entry["kind"] for entry in found["entries"]][-6:] == ["attempt failed"] * 5 + ["dead letter"]
        assert (letter["function"], letter["event"], letter["dead"]) == ("inventory-events", "OrderPlaced", True)
        assert "LookupError at " in letter["text"]
        assert f"`cartwheel dead-letters redrive {letter['letter']}`" in letter["text"]
        assert (found["status"], found["waitsFor"]["on"]) == ("PLACED", "inventory-events")
    with shop.engine.group():
        shop.engine.queues.redrive(Step(Selection(), 0, 10**9, 10, "bob"))
    shop.drain()
    found = timeline(shop, order_id)
    assert found["open"] == []
    assert found["status"] == "CONFIRMED"


def test_a_first_failure_says_when_it_comes_again(shop: Shop) -> None:
    order_id = order(shop, "tok_timeout")
    while not shop.dead_letters():
        found = timeline(shop, order_id)
        failing = [each for each in found["open"] if each.get("error")]
        if failing:
            break
        shop.relay()
        for name in ("ledger-events", "ordering-placement", "inventory-events", "ordering-events", "payment-events"):
            shop._drain_queue(name, 10, allow_failures=True)
    (each,) = failing
    assert (each["function"], each["attempts"]) == ("payment-events", 1)
    assert each["error"].startswith("ProviderTimeout")
    assert each["nextAt"] > each["at"]
    assert ("payment", "authorise: ProviderTimeout") in told(shop, order_id)


def test_a_checkout_that_nobody_could_place_is_found(shop: Shop) -> None:
    """No event about the order is there yet: it is known by its request and its letter, and they lead to its basket."""
    order_id = buy(shop)
    with patch.object(ordering, "check_out", side_effect=Conflict("not today")):
        shop.drain(allow_failures=True)
    found = timeline(shop, order_id)
    assert ("event", "CheckoutBasket") in told(shop, order_id)
    assert found["open"][0]["function"] == "ordering-placement"
    assert found["waitsFor"] == {"what": "its placement", "on": "ordering-placement"}


def test_cancelled_by_its_deadline(shop: Shop) -> None:
    order_id = order(shop)
    while not shop.run_schedule("ordering-deadlines"):
        pass
    shop.drain()
    found = timeline(shop, order_id)
    assert ("event", "OrderCancelled: stock_timeout") in told(shop, order_id)
    assert (found["status"], found.get("waitsFor")) == ("CANCELLED", None)
    assert found["summary"] == "CANCELLED, waits for nothing"


def test_declined(shop: Shop) -> None:
    order_id = order(shop, "tok_decline")
    shop.drain()
    things = told(shop, order_id)
    assert ("payment", "authorise: declined") in things
    assert ("event", "OrderCancelled: payment_declined") in things
    assert timeline(shop, order_id)["summary"] == "CANCELLED, waits for nothing"


def test_what_staff_did_and_who(shop: Shop) -> None:
    order_id = order(shop)
    shop.drain()
    act(shop, order_id, "fulfil")
    act(shop, order_id, "refund")
    assert shop.request("POST", f"/orders/{order_id}/refund", token=f"staff:{PERSON}").status == 409
    found = timeline(shop, order_id)
    staff = [(each["what"].split("/")[-1], each["who"]) for each in found["entries"] if each["kind"] == "staff"]
    assert staff == [("fulfil → 200", "bob"), ("refund → 200", "bob"), ("refund → 409", "…")]
    calls = [what for kind, what in told(shop, order_id) if kind == "payment"]
    assert calls == ["authorise: authorised", "capture: done", "refund: done"]
    assert found["summary"] == "REFUNDED, waits for nothing"


def test_a_second_delivery_is_told_as_one(shop: Shop) -> None:
    order_id = order(shop)
    shop.drain()
    (reserved,) = [each for each in shop.envelopes() if each["detail-type"] == "StockReserved"]
    shop.deliver("payment-events", reserved)
    found = timeline(shop, order_id)
    assert [entry["what"] for entry in found["entries"]][-1] == "StockReserved handled before"
    assert [entry["kind"] for entry in found["entries"]].count("payment") == 1
    assert found["status"] == "CONFIRMED"


def test_orders_of_one_story_are_kept_apart(shop: Shop) -> None:
    one, other = (order(shop, **{"X-Correlation-Id": "one-story"}) for _ in range(2))
    alone = order(shop)
    shop.drain()
    assert [len(told(shop, each)) for each in (one, other)] == [len(told(shop, alone))] * 2


def test_without_its_journal_it_is_told_all_the_same(shop: Shop, tmp_path: Path) -> None:
    order_id = order(shop)
    shop.drain()
    shutil.rmtree(tmp_path / "logs")
    found = timeline(shop, order_id)
    assert {entry["kind"] for entry in found["entries"]} == {"event", "mail"}
    assert found["missing"][0].startswith("requests, deliveries and their attempts, payment calls")
    assert found["status"] == "CONFIRMED"


def test_logs_that_are_gone_are_missed(shop: Shop, tmp_path: Path) -> None:
    order_id = order(shop)
    shop.drain()
    (tmp_path / "logs" / "all.jsonl").write_text("")
    assert timeline(shop, order_id)["missing"] == ["the logs of some deliveries are no longer kept"]


@pytest.mark.parametrize(
    "order_id", ["TEST-1234", "ffffffff-ffff-7fff-bfff-ffffffffffff", "01a1fbb4-49ce-771a-bdd8-fdda22e0c280"]
)
def test_what_is_no_order_is_not_found(shop: Shop, order_id: str) -> None:
    for _ in range(2):  # that somebody asked for it, or did something to it in vain, makes it none
        shop.request("POST", f"/orders/{order_id}/cancel", token="staff")
        assert asked(shop, order_id).status == 404


def test_an_order_whose_events_have_ended_says_so(shop: Shop) -> None:
    answer = asked(shop, id_of(now() - timedelta(days=400)))
    assert answer.status == 404
    assert "kept a year" in answer.json["detail"]


@pytest.mark.parametrize(("token", "status"), [(None, 401), ("customer:bob", 403)])
def test_it_is_for_staff(shop: Shop, token: str | None, status: int) -> None:
    assert asked(shop, order(shop), token).status == status


def test_who_has_not_declared_it_has_no_journal() -> None:
    for ask in (lambda: NoJournal("x").held("1"), lambda: NoJournal("x").lines("1", now())):
        with pytest.raises(AccessDenied, match="x has not declared 'journal'"):
            ask()
