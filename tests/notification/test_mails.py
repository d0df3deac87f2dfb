"""Mails about orders: written once, in plain words, into the mailbox."""

from decimal import Decimal
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from cartwheel.kernel.ids import new_id
from cartwheel.kernel.store import Key
from cartwheel.notification.events import MessageQueued, MessageSent
from cartwheel.notification.model import Kind
from cartwheel.notification.render import render
from cartwheel.notification.service import KINDS, REASONS, Told
from cartwheel.ordering.events import CancelReason, OrderCancelled, OrderConfirmed, OrderFulfilled, OrderRefunded
from tests.support.shop import Shop

EMAIL = "ada@example.com"


def told(kind: Kind, order_id: str, reason: str = "out_of_stock") -> Told:
    occasion = {kind: event_type for event_type, kind in KINDS.items()}[kind]
    facts = {"order_id": order_id, "amount": 1999, "currency": "EUR", "email": EMAIL}
    return occasion.model_validate(facts | ({"reason": reason} if occasion is OrderCancelled else {}))


def mailbox(shop: Shop) -> list[dict[str, str]]:
    items: list[dict[str, str]] = shop.request("GET", "/mailbox?limit=100", token="staff").json["items"]
    return items


@pytest.mark.parametrize("kind", Kind)
def test_every_occasion_is_told(shop: Shop, kind: Kind) -> None:
    order_id = new_id()
    shop.deliver("notification-events", shop.publish(told(kind, order_id)))
    [mail] = mailbox(shop)
    assert (mail["to"], mail["orderId"], mail["kind"], mail["state"]) == (EMAIL, order_id, kind, "SENT_TO_MAILBOX")
    assert order_id in mail["text"]
    assert "19.99 EUR" in mail["text"]
    assert shop.settings.shop_name in mail["text"]
    assert 10 < len(mail["subject"]) < 60
    assert [(sent.order_id, sent.kind) for sent in shop.events(MessageSent)] == [(order_id, kind)]
    assert shop.events(MessageQueued) == []


def test_templates_and_occasions_are_the_same() -> None:
    folder = Path(__file__).parents[2] / "src/cartwheel/notification/templates"
    assert {path.stem for path in folder.iterdir()} == {kind.value for kind in Kind} == set(KINDS.values())


def test_template_never_hides_a_missing_fact() -> None:
    with pytest.raises(UndefinedError):
        render(Kind.CONFIRMED, shop="Cartwheel")


def test_without_an_address_nothing_is_written(shop: Shop) -> None:
    order = told(Kind.CONFIRMED, new_id()).model_copy(update={"email": None})
    shop.deliver("notification-events", shop.publish(order))
    assert mailbox(shop) == []
    assert shop.events(MessageSent) == []


@pytest.mark.parametrize("reason", CancelReason)
def test_every_cancellation_has_its_words(shop: Shop, reason: CancelReason) -> None:
    shop.deliver("notification-events", shop.publish(told(Kind.CANCELLED, new_id(), reason)))
    [mail] = mailbox(shop)
    assert REASONS[reason] in mail["text"]
    assert reason.value not in mail["text"]


def test_reason_of_tomorrow_gets_general_words(shop: Shop) -> None:
    shop.deliver("notification-events", shop.publish(told(Kind.CANCELLED, new_id(), "meteorite")))
    [mail] = mailbox(shop)
    assert "We could not carry it out." in mail["text"]
    assert "meteorite" not in mail["text"]


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [(5, "EUR", "0.05 EUR"), (500, "JPY", "500 JPY"), (1, "KWD", "0.001 KWD"), (10**11, "EUR", "1000000000.00 EUR")],
)
def test_amounts_have_the_digits_of_their_currency(shop: Shop, amount: int, currency: str, shown: str) -> None:
    order = told(Kind.CONFIRMED, new_id()).model_copy(update={"amount": amount, "currency": currency})
    shop.deliver("notification-events", shop.publish(order))
    [mail] = mailbox(shop)
    assert f"Total   {shown}\n" in mail["text"]
    assert Decimal(shown.split()[0])


def test_lesson_mail_sent_twice(shop: Shop) -> None:
    """A second delivery, and the same fact in another event, write no second mail."""
    order = told(Kind.CONFIRMED, new_id())
    envelope = shop.publish(order)
    for message in (envelope, envelope, shop.publish(order)):
        shop.deliver("notification-events", message)
    assert len(mailbox(shop)) == 1
    assert len(shop.events(MessageSent)) == 1


def test_each_occasion_of_an_order_has_its_own_mail(shop: Shop) -> None:
    order_id = new_id()
    for event in (OrderConfirmed, OrderFulfilled, OrderRefunded):
        shop.publish(told(KINDS[event], order_id))
    shop.drain(allow_failures=True)
    assert {mail["kind"] for mail in mailbox(shop)} == {"confirmed", "fulfilled", "refunded"}


def test_mail_is_not_kept_for_ever(shop: Shop) -> None:
    order_id = new_id()
    shop.deliver("notification-events", shop.publish(told(Kind.CONFIRMED, order_id)))
    key = f"MAIL#{order_id}.confirmed"
    item = shop.store.get("notification", Key(key, key))
    assert item is not None
    assert item["expiresAt"] > 0
