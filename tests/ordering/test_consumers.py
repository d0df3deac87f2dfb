"""Events in: each report moves the order on, whatever came before it."""

import pytest

from cartwheel.kernel.ids import sealed_id
from cartwheel.kernel.vault import EMAIL, open_sealed
from cartwheel.ordering.events import OrderCancelled, OrderConfirmed, OrderPlaced
from tests.ordering import orders
from tests.support.shop import Shop


def test_direct_order_is_placed_without_lines(shop: Shop) -> None:
    order_id = orders.place(shop, paymentToken="tok-7", email="a@example.com")
    (placed,) = shop.events(OrderPlaced)
    assert (placed.order_id, placed.lines, placed.payment.amount, placed.payment.token) == (order_id, [], 9999, "tok-7")
    assert "paymentToken" not in orders.item(shop, order_id)
    assert orders.show(shop, order_id)["status"] == "PLACED"


def test_checkout_is_placed_with_its_lines_and_their_total(shop: Shop) -> None:
    order_id = orders.check_out(shop, email="a@example.com", payment_token="tok-7")
    (placed,) = shop.events(OrderPlaced)
    assert [(line.sku, line.quantity) for line in placed.lines] == [("mug", 3), ("pen", 1)]
    assert (placed.payment.amount, placed.payment.token) == (3 * 1250 + 199, "tok-7")
    shown = orders.show(shop, order_id)
    assert shown["amount"] == 39.49
    assert shown["lines"][0] == {"sku": "mug", "name": "Blue mug", "quantity": 3, "unitPrice": 12.5}
    assert orders.statuses(shop, order_id) == ["PENDING", "PLACED"]
    assert "paymentToken" not in orders.item(shop, order_id)


def test_pending_since_the_checkout_not_since_its_delivery(shop: Shop) -> None:
    event = orders.checkout(shop)
    minted = int(event.order_id.replace("-", "")[:12], 16)
    shop.deliver("ordering-placement", orders.envelope(event))
    created = orders.show(shop, event.order_id)["createdAt"]
    assert created.endswith(f"{minted % 1000:03}Z")
    assert orders.show(shop, event.order_id)["history"][0]["at"] == created


def test_stock_then_payment_confirms(shop: Shop) -> None:
    order_id = orders.confirm(shop, email="a@example.com")
    assert orders.statuses(shop, order_id) == ["PENDING", "PLACED", "RESERVED", "CONFIRMED"]
    (confirmed,) = shop.events(OrderConfirmed)
    assert (confirmed.order_id, confirmed.amount) == (order_id, 9999)
    assert open_sealed(shop.store, EMAIL, confirmed.email or "") == "a@example.com"


def test_payment_then_stock_confirms(shop: Shop) -> None:
    order_id = orders.place(shop)
    orders.hear(shop, orders.authorised(order_id))
    assert orders.show(shop, order_id)["status"] == "PLACED"
    orders.hear(shop, orders.reserved(order_id))
    assert orders.statuses(shop, order_id) == ["PENDING", "PLACED", "RESERVED", "CONFIRMED"]


def test_reports_of_one_order_in_one_batch(shop: Shop) -> None:
    """They read the order at the same time; who writes second has to read again."""
    order_id = orders.place(shop)
    reports = [orders.envelope(report(order_id)) for report in (orders.authorised, orders.reserved)]
    assert orders.batch(shop, "ordering-events", reports) == []
    assert orders.statuses(shop, order_id) == ["PENDING", "PLACED", "RESERVED", "CONFIRMED"]


def test_rejected_stock_is_told_clearly(shop: Shop) -> None:
    order_id = orders.check_out(shop)
    orders.hear(shop, orders.rejected(order_id))
    shown = orders.show(shop, order_id)
    assert (shown["status"], shown["reason"], shown["outOfStock"]) == ("CANCELLED", "out_of_stock", ["mug"])
    assert shown["message"].startswith("There is not enough left of: Blue mug. You are not charged")


def test_stock_lost_after_confirmation_gives_the_money_back(shop: Shop) -> None:
    order_id = orders.confirm(shop)
    orders.hear(shop, orders.rejected(order_id))
    (cancelled,) = shop.events(OrderCancelled)
    assert (cancelled.order_id, cancelled.reason) == (order_id, "out_of_stock")


def test_declined_payment_cancels_with_the_providers_reason(shop: Shop) -> None:
    order_id = orders.reserve(shop)
    orders.hear(shop, orders.declined(order_id))
    shown = orders.show(shop, order_id)
    assert (shown["status"], shown["reason"]) == ("CANCELLED", "payment_declined")
    assert "card_declined" in shown["message"]
    assert [event.reason for event in shop.events(OrderCancelled)] == ["payment_declined"]


def test_expired_reservation_cancels_unless_confirmed(shop: Shop) -> None:
    waiting, confirmed = orders.reserve(shop), orders.confirm(shop)
    for order_id in (waiting, confirmed):
        orders.hear(shop, orders.released(order_id))
    assert orders.show(shop, waiting)["reason"] == "stock_expired"
    assert orders.show(shop, confirmed)["status"] == "CONFIRMED"


def test_release_of_a_cancelled_orders_stock_changes_nothing(shop: Shop) -> None:
    order_id = orders.reserve(shop)
    orders.hear(shop, orders.released(order_id, "cancelled"))
    assert orders.show(shop, order_id)["status"] == "RESERVED"


@pytest.mark.parametrize("report", [orders.reserved, orders.rejected, orders.released, orders.authorised])
def test_report_of_an_order_not_stored_yet_comes_again(shop: Shop, report: orders.Report) -> None:
    event = orders.checkout(shop)
    message = orders.envelope(report(event.order_id))
    with pytest.raises(AssertionError, match="on its way"):
        shop.deliver("ordering-events", message)
    shop.deliver("ordering-placement", orders.envelope(event))
    before = orders.item(shop, event.order_id)
    shop.deliver("ordering-events", message)
    assert orders.item(shop, event.order_id) != before


def test_report_of_a_foreign_order_is_an_error(shop: Shop) -> None:
    with pytest.raises(AssertionError, match="Conflict"):
        orders.hear(shop, orders.reserved(sealed_id("another shop's key")))
