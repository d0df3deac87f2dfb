"""Mails written once more of the events of orders: nobody gets one, nobody pays, and no address is shown."""

from typing import Any

import pytest

from cartwheel.kernel.events import Cause, Envelope
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.staff import StaffActed
from cartwheel.kernel.store import Delete, Key, Put, Scan, scan_all
from cartwheel.notification.model import Kind
from tests.support.rebuilding import Rebuilding
from tests.support.shop import Shop

from .sink import Sink
from .test_mails import EMAIL, mailbox, told

TABLE = "notification"
ORDER = "0192-order"


@pytest.fixture
def events(mailing: Shop) -> list[Envelope]:
    """Every occasion of a mail: all of them are written and sent."""
    events = [Envelope.of(told(kind, ORDER), Cause(new_id(), new_id())) for kind in Kind]
    for event in events:
        mailing.deliver("notification-events", event.to_dict())
    mailing.drain()
    return events


def key(kind: Kind) -> Key:
    return Key(f"MAIL#{ORDER}.{kind}", f"MAIL#{ORDER}.{kind}")


def spoil(shop: Shop, kind: Kind, **attributes: Any) -> None:
    item = shop.store.get(TABLE, key(kind))
    assert item
    shop.store.transact([Put(TABLE, item | attributes)])


def of_the_shop(mailing: Shop) -> list[dict[str, Any]]:
    """What was published, but for what staff did."""
    return [each for each in mailing.envelopes() if each["source"] != StaffActed.source]


def test_nothing_is_sent_or_charged(mailing: Shop, sink: Sink, events: list[Envelope]) -> None:
    assert len(sink.mails) == len(Kind)
    published, live = of_the_shop(mailing), mailbox(mailing)
    rebuilding = Rebuilding(mailing, "mails")
    assert rebuilding.apply(events) == {"applied": len(Kind), "known": 0, "failed": []}
    assert rebuilding.differences() == []
    mailing.drain()
    assert len(sink.mails) == len(Kind)
    assert of_the_shop(mailing) == published
    assert mailbox(mailing) == live
    for table in ("payment", "ordering"):
        assert list(scan_all(mailing.store, Scan(table, ""))) == []


def test_an_address_that_differs_is_not_shown(mailing: Shop, events: list[Envelope]) -> None:
    rebuilding = Rebuilding(mailing, "mails")
    rebuilding.apply(events)
    spoil(mailing, Kind.CONFIRMED, to="eve@example.com", orderId="another")
    page = rebuilding.request("GET", f"{rebuilding.path}/differences")
    assert "@example.com" not in page.body
    (mail,) = page.json["items"]
    assert mail["fields"] == [
        {"name": "orderId", "live": "another", "rebuilt": ORDER, "withheld": False},
        {"name": "to", "live": None, "rebuilt": None, "withheld": True},
    ]


def test_what_a_mail_went_through_stays_its_own(mailing: Shop, events: list[Envelope]) -> None:
    """Repaired, it is where it was in the mailbox, and sent as it was."""
    rebuilding, before = Rebuilding(mailing, "mails"), mailbox(mailing)
    rebuilding.apply(events)
    spoil(mailing, Kind.CONFIRMED, text="nonsense")
    assert rebuilding.swap(rebuilding.differences())["written"] == 1
    assert mailbox(mailing) == before
    assert {mail["state"] for mail in before} == {"SENT"}


def test_a_mail_that_was_lost_is_in_the_mailbox_again_and_is_not_sent(
    mailing: Shop, sink: Sink, events: list[Envelope]
) -> None:
    rebuilding = Rebuilding(mailing, "mails")
    rebuilding.apply(events)
    mailing.store.transact([Delete(TABLE, key(Kind.REFUNDED))])
    (lost,) = rebuilding.differences()
    assert (lost["kind"], lost["fields"]) == ("missing", [])
    rebuilding.swap([lost])
    mailing.drain()
    assert len(sink.mails) == len(Kind)
    (found,) = [mail for mail in mailbox(mailing) if mail["kind"] == "refunded"]
    assert (found["to"], found["createdAt"]) == (EMAIL, next(e.time for e in events if "Refunded" in e.detail_type))


def test_a_mail_that_is_not_kept_any_longer_is_not_missing(mailing: Shop) -> None:
    """Its event is still in the ledger; written as of then, the mail has expired."""
    old = told(Kind.CONFIRMED, ORDER)
    envelope = Envelope.of(old, Cause(new_id(), new_id()))
    long_ago = Envelope(envelope.id, envelope.source, envelope.detail_type, "2020-01-01T00:00:00.000Z", envelope.detail)
    rebuilding = Rebuilding(mailing, "mails")
    assert rebuilding.apply([long_ago])["applied"] == 1
    assert rebuilding.differences() == []
