"""Each kind of damage, done past the shop: it is found, named, and repaired where that is safe."""

import pytest

from cartwheel.kernel.ids import new_id
from cartwheel.ordering.events import OrderConfirmed
from tests.reconciliation import world
from tests.reconciliation.world import buy, damage, found, lose, lose_events, payment, staff, step, stock
from tests.support.shop import Shop

LONG_AGO = "2020-01-01T00:00:00.000Z"


def healthy(shop: Shop) -> None:
    """One order in every state that it can end in."""
    buy(shop)
    buy(shop, "tok_decline")
    for steps in (["cancel"], ["fulfil"], ["fulfil", "refund"]):
        order_id = buy(shop, email="a@example.com")
        for each in steps:
            step(shop, order_id, each)
            shop.drain()
    shop.request("POST", "/orders", {"amount": 5, "currency": "EUR"})
    staff(shop, "POST", "/stock/mug/adjust", {"by": -2, "reason": "broken"})
    staff(shop, "POST", "/stock/mug/adjust", {"by": 1, "reason": "found"})
    shop.drain()


def test_a_healthy_shop_has_none(shop: Shop) -> None:
    healthy(shop)
    assert found(shop) == []
    assert found(shop, everything=True) == []
    assert shop.dead_letters() == []


def test_an_order_without_payment_is_reported(shop: Shop) -> None:
    order_id = buy(shop)
    lose(shop, "payment", f"PAYMENT#{order_id}")
    assert found(shop) == [("order-without-payment", order_id, "AUTHORISED", "none", None)]
    assert found(shop) == [("order-without-payment", order_id, "AUTHORISED", "none", None)]


@pytest.mark.parametrize("state", ["PENDING", "DECLINED", "VOIDED", "CANCELLED"])
def test_an_order_whose_payment_holds_nothing_is_reported(shop: Shop, state: str) -> None:
    order_id = buy(shop)
    damage(shop, "payment", f"PAYMENT#{order_id}", state=state)
    named = [each for each in found(shop) if each[0] == "order-without-payment"]
    assert named == [("order-without-payment", order_id, "AUTHORISED", state, None)]


def test_a_payment_of_an_order_that_there_is_not_is_reported(shop: Shop) -> None:
    order_id = buy(shop)
    lose(shop, "ordering", f"ORDER#{order_id}")
    assert found(shop) == [("payment-without-order", order_id, "no payment held", "AUTHORISED", None)]
    assert payment(shop, order_id) == "AUTHORISED"


def test_a_payment_of_a_cancelled_order_is_given_back(shop: Shop) -> None:
    """Its cancellation was told, and payment and stock never heard of it."""
    order_id = buy(shop)
    step(shop, order_id, "cancel")
    lose_events(shop, "ordering")
    findings = found(shop)
    assert findings == [
        ("fact-without-event", order_id, "OrderCancelled", "none", "tell-order-again"),
        ("payment-without-order", order_id, "no payment held", "AUTHORISED", "tell-order-again"),
        ("reservation-differs", order_id, "given back", "SOLD", "tell-order-again"),
    ]
    assert (payment(shop, order_id), stock(shop)) == ("VOIDED", (10, 0))
    assert len(shop.events(OrderConfirmed)) == 1  # which it once was, but that is over
    assert found(shop) == []


def test_an_order_that_was_changed_to_cancelled_is_given_back(shop: Shop) -> None:
    order_id = buy(shop)
    order = world.item(shop, "ordering", f"ORDER#{order_id}")
    history = [*order["history"], {"status": "CANCELLED", "at": order["history"][-1]["at"], "reason": "out_of_stock"}]
    damage(shop, "ordering", f"ORDER#{order_id}", status="CANCELLED", reason="out_of_stock", history=history)
    assert {each[0] for each in found(shop)} == {"fact-without-event", "payment-without-order", "reservation-differs"}
    assert (payment(shop, order_id), stock(shop)) == ("VOIDED", (10, 0))
    assert found(shop) == []


@pytest.mark.parametrize(("steps", "state"), [(["fulfil"], "CAPTURED"), (["fulfil", "refund"], "REFUNDED")])
def test_a_payment_that_did_not_hear_of_its_order_follows(shop: Shop, steps: list[str], state: str) -> None:
    order_id = buy(shop)
    for each in steps:
        step(shop, order_id, each)
        lose_events(shop, "ordering")
    assert ("payment-differs", order_id, state, "AUTHORISED", "tell-order-again") in found(shop)
    shop.drain(allow_failures=True)
    assert payment(shop, order_id) == state
    assert found(shop) == []


@pytest.mark.parametrize("difference", [{"amount": 1}, {"currency": "USD"}])
def test_amounts_that_differ_are_reported(shop: Shop, difference: dict[str, object]) -> None:
    order_id = buy(shop)
    damage(shop, "payment", f"PAYMENT#{order_id}", **difference)
    changed = {"amount": 850, "currency": "EUR"} | difference
    told = f"{changed['amount']} {changed['currency']}"
    assert found(shop) == [("payment-differs", order_id, "850 EUR", told, None)]


def test_money_that_was_taken_too_early_is_reported(shop: Shop) -> None:
    order_id = buy(shop)
    damage(shop, "payment", f"PAYMENT#{order_id}", state="CAPTURED")
    assert ("payment-differs", order_id, "AUTHORISED", "CAPTURED", None) in found(shop)


def test_a_reservation_past_its_deadline_is_given_back(shop: Shop) -> None:
    """Nobody paid, and the schedule does not see it: it is not in the index any more."""
    order_id = reserved(shop)
    key = f"RESERVATION#{order_id}"
    damage(shop, "inventory", key, deadline=LONG_AGO)
    shop._connection.execute('UPDATE items_inventory SET "expiryShard" = NULL, "expiryKey" = NULL WHERE pk = ?', (key,))
    shop._connection.commit()
    assert shop.run_schedule("inventory-expiry") == 0
    expected = ("reservation-past-deadline", order_id, f"given back at {LONG_AGO}", "RESERVED", "release-reservation")
    assert found(shop) == [expected]
    assert stock(shop) == (10, 0)
    assert found(shop) == []


def reserved(shop: Shop) -> str:
    """An order that waits for its payment."""
    return buy(shop, "tok_late")


def test_a_reservation_that_did_not_hear_of_its_order_is_sold(shop: Shop) -> None:
    order_id = reserved(shop)
    shop.relay()
    state = f"PAYMENT#{order_id}"
    webhook(shop, order_id)
    shop.relay()
    deliver_all(shop, "ordering-events")
    assert world.item(shop, "payment", state)["state"] == "AUTHORISED"
    lose_events(shop, "ordering")
    findings = found(shop)
    assert findings == [
        ("fact-without-event", order_id, "OrderConfirmed", "none", "tell-order-again"),
        ("reservation-differs", order_id, "SOLD", "RESERVED", "tell-order-again"),
    ]
    assert stock(shop) == (9, 0)
    assert found(shop) == []


def webhook(shop: Shop, order_id: str) -> None:
    from cartwheel.kernel.events import Cause
    from cartwheel.kernel.unit_of_work import run
    from cartwheel.payment import service
    from cartwheel.payment.provider import Authorised

    cause = Cause(new_id(), new_id())
    run(shop.store, "payment", cause, lambda unit: service.settle(unit, order_id, Authorised()))


def deliver_all(shop: Shop, queue: str) -> None:
    while shop._drain_queue(queue, 10, allow_failures=False):
        pass


def test_an_order_without_reservation_is_reported(shop: Shop) -> None:
    order_id = buy(shop)
    lose(shop, "inventory", f"RESERVATION#{order_id}")
    assert found(shop) == [("reservation-differs", order_id, "SOLD", "none", None)]


def test_a_fact_without_event_is_told_again(shop: Shop) -> None:
    """Whoever had heard of it does nothing; the mail was not written, so now it is."""
    order_id = buy(shop, email="a@example.com")
    step(shop, order_id, "fulfil")
    shop.drain()
    lose_recorded(shop, order_id, "OrderFulfilled", "PaymentCaptured")
    before = (payment(shop, order_id), stock(shop), staff(shop, "GET", "/mailbox")["items"])
    assert found(shop) == [
        ("fact-without-event", order_id, "OrderFulfilled", "none", "tell-order-again"),
        ("fact-without-event", order_id, "PaymentCaptured", "none", "tell-payment-again"),
    ]
    assert (payment(shop, order_id), stock(shop), staff(shop, "GET", "/mailbox")["items"]) == before
    assert shop.dead_letters() == []
    assert found(shop) == []


def lose_recorded(shop: Shop, subject: str, *types: str) -> None:
    where = "json_extract(item, '$.subject') = ? AND json_extract(item, '$.detailType') = ?"
    for each in types:
        shop._connection.execute(f"DELETE FROM items_ledger WHERE {where}", (subject, each))
    shop._connection.commit()


def test_what_is_older_than_the_ledger_is_no_finding(shop: Shop) -> None:
    order_id = buy(shop)
    shop._connection.execute("DELETE FROM items_ledger WHERE json_extract(item, '$.subject') = ?", (order_id,))
    shop._connection.commit()
    assert found(shop) == []


def test_a_repeated_fact_changes_nothing_anywhere(shop: Shop) -> None:
    """What every repair by telling again relies on: each consumer, each fact, in each state its order can be in."""
    for steps in ([], ["cancel"], ["fulfil"], ["fulfil", "refund"]):
        order_id = buy(shop, email="a@example.com")
        for each in steps:
            step(shop, order_id, each)
            shop.drain()
    before = everything(shop)
    told = [each for each in shop.envelopes() if each["source"] in ("cartwheel.ordering", "cartwheel.payment")]
    for envelope in told:
        repeat(shop, envelope)
    shop.drain()
    assert everything(shop) == before
    assert shop.dead_letters() == []


def repeat(shop: Shop, envelope: dict[str, object]) -> None:
    """The same fact as a new event, as its owner tells it again; for facts that an owner may tell."""
    from cartwheel.ordering import events as ordering
    from cartwheel.payment import events as payments

    kind = getattr(ordering, str(envelope["detail-type"]), None) or getattr(payments, str(envelope["detail-type"]))
    if kind.__name__ in ("OrderSubmitted", "OrderPlaced"):
        return
    shop.publish(kind.read(envelope["detail"]))


def everything(shop: Shop) -> list[object]:
    """All that the slices keep, marks and the provider's memory aside."""
    prefixes = ("ORDER#", "PAYMENT#", "RESERVATION#", "STOCK#", "MAIL#")
    rows = []
    for table in ("ordering", "payment", "inventory", "notification"):
        rows += shop._connection.execute(f"SELECT pk, item FROM items_{table} ORDER BY pk").fetchall()
    return [row for row in rows if row[0].startswith(prefixes)]


def test_reserved_pieces_that_nobody_holds_are_corrected(shop: Shop) -> None:
    buy(shop)
    reserved(shop)
    damage(shop, "inventory", "STOCK#mug", reserved=4)
    assert found(shop) == [("stock-differs", "mug", "1 reserved", "4 reserved", "recount-reserved")]
    assert stock(shop) == (8, 1)
    assert found(shop) == []


def test_available_pieces_that_do_not_add_up_are_reported(shop: Shop) -> None:
    buy(shop)
    damage(shop, "inventory", "STOCK#mug", available=7)
    assert found(shop) == [("stock-differs", "mug", "9 available", "7 available", None)]
    staff(shop, "PUT", "/stock/mug", {"quantity": 9})
    assert found(shop) == []


def test_what_is_not_settled_yet_is_no_finding(tmp_path_factory: pytest.TempPathFactory) -> None:
    """With the usual grace, nothing of this minute is looked at."""
    from tests.basket import goods

    shop = Shop(tmp_path_factory.mktemp("graceful"))
    goods.sell(shop, mug=850)
    staff(shop, "PUT", "/stock/mug", {"quantity": 10})
    order_id = buy(shop)
    lose(shop, "payment", f"PAYMENT#{order_id}")
    assert found(shop) == []
    shop.publish(OrderConfirmed(order_id=order_id, amount=1, currency="EUR"))
    shop.close()
