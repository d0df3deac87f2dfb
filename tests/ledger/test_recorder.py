"""`ledger-events` keeps every event that `OrderProcessor` does not, once: ours and those of others, of any type."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartwheel.app import APP
from cartwheel.catalog.events import ProductRemoved
from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.envelope import Cause, Envelope
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.store import Query
from cartwheel.ledger import store
from cartwheel.ledger.model import LONGEST_NAME, Recorded
from cartwheel.local.patterns import RuleSet
from tests.support.shop import Shop

from .world import placed

(RECORDER,) = (each for each in APP.consumers if each.name == "ledger-events")
BEGIN = datetime(2026, 10, 31, 23, 59, tzinfo=UTC)

NAMES = st.sampled_from(["custom.myapp", "custom.myapp2", "cartwheel.ordering", "order_placed", "OrderPlaced"])
STATUSES = st.sampled_from(["PLACED", "placed", "", None, 1, True, {}, {"a": 1}, {"a": "PLACED"}, [], ["SHIPPED", 7]])


def rules() -> RuleSet:
    made = RuleSet()
    for consumer in APP.consumers:
        if consumer.name in {"ledger-events", "OrderProcessor"}:
            for number, pattern in enumerate(consumer.subscriptions):
                made.add(f"{consumer.name} {number}", pattern)
    return made


def ours(subject: str = "", correlation: str = "", moment: datetime | None = None) -> dict[str, Any]:
    """As its slice has emitted it."""
    event = ProductRemoved(product_id=subject or new_id(), revision=1, skus=[])
    return Envelope.of(event, Cause(correlation or new_id(), new_id()), moment).to_dict()


def foreign(**changes: Any) -> dict[str, Any]:
    return placed() | {"source": "somebody.else", "detail-type": "Unheard Of"} | changes


def in_order(*events: dict[str, Any]) -> list[str]:
    """The ids."""
    return [event["id"] for event in sorted(events, key=lambda event: (event["time"], event["id"]))]


def keep(shop: Shop, *events: dict[str, Any], allow_failures: bool = False) -> None:
    with shop.engine.group():
        for event in events:
            shop.engine.queues.send("ledger-events", json.dumps(event))
    shop.drain(allow_failures)


def kept(shop: Shop, **asked: Any) -> list[str]:
    """The ids of all pages."""
    found: list[str] = []
    while True:
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        page = shop.request("GET", f"/events?{query}", token="staff").json
        found += [event["id"] for event in page["items"]]
        if page["next"] is None:
            return found
        asked["cursor"] = page["next"]


@given(source=NAMES, kind=NAMES, status=STATUSES, detail=st.booleans())
def test_every_event_has_one_of_the_two_consumers(source: str, kind: str, status: Any, detail: bool) -> None:
    event = placed() | {"source": source, "detail-type": kind, "detail": {"status": status} if detail else {}}
    ordinary = (source, kind, detail and status) == ("custom.myapp", "order_placed", "PLACED")
    assert rules().matching(event) == ["OrderProcessor 0" if ordinary else "ledger-events 0"]


def test_an_event_that_both_take_is_kept_once(shop: Shop) -> None:
    event = placed() | {"detail": {"status": ["PLACED", "SHIPPED"]}}
    assert set(rules().matching(event)) == {"OrderProcessor 0", "ledger-events 0"}
    shop.deliver("OrderProcessor", event)
    keep(shop, event)
    assert kept(shop, type="order_placed") == [event["id"]]
    assert shop.dead_letters() == []


def test_all_that_an_order_leads_to_is_kept(shop: Shop) -> None:
    order = shop.request("POST", "/orders", {"amount": 5, "currency": "EUR"}).json["orderId"]
    shop.drain()
    published = shop.envelopes()
    story = {event["detail"]["metadata"]["correlationId"] for event in published}
    assert len(published) >= 5
    assert len(story) == 1
    assert sorted(kept(shop, correlation=story.pop())) == sorted(event["id"] for event in published)
    about = [event["id"] for event in published if event["detail"]["metadata"]["subject"] == order]
    assert sorted(kept(shop, subject=order, limit=2)) == sorted(about)


def test_an_event_is_kept_as_it_came_with_what_its_metadata_say(shop: Shop) -> None:
    event = ours()
    keep(shop, event)
    (found,) = store.of_subject(shop.store, event["detail"]["metadata"]["subject"])
    metadata = event["detail"]["metadata"]
    assert found == Recorded(
        event_id=event["id"],
        source="cartwheel.catalog",
        detail_type="ProductRemoved",
        time=event["time"],
        detail=json.dumps(event["detail"], separators=(",", ":")),
        subject=metadata["subject"],
        correlation_id=metadata["correlationId"],
        causation_id=metadata["causationId"],
    )
    assert list(store.of_correlation(shop.store, metadata["correlationId"])) == [found]


@pytest.mark.parametrize(
    "metadata", [None, 5, [], {}, {"subject": "", "correlationId": 7}, {"subject": ["x"]}], ids=repr
)
def test_an_event_of_others_need_not_have_our_metadata(shop: Shop, metadata: Any) -> None:
    event = foreign(detail={"metadata": metadata})
    keep(shop, event)
    (found,) = store.in_order(shop.store, "Unheard Of", "2026-11-01", "2026-12-01")
    assert (found.event_id, found.subject, found.correlation_id) == (event["id"], None, None)


def test_a_name_too_long_to_ask_by_is_in_the_event_only(shop: Shop) -> None:
    """A key has a limit; what others call a subject has none."""
    names = {"subject": "s" * (LONGEST_NAME + 1), "correlationId": "é" * LONGEST_NAME}
    event = foreign(detail={"metadata": names})
    keep(shop, event)
    (found,) = store.of_correlation(shop.store, names["correlationId"])
    assert (found.event_id, found.subject) == (event["id"], None)
    assert json.loads(found.detail) == event["detail"]


def test_a_second_delivery_changes_nothing(shop: Shop) -> None:
    event = ours(subject="mug")
    keep(shop, event, event)
    before = shop.store.query(Query("ledger", f"EVENT#{event['id']}")).items
    keep(shop, event | {"detail-type": "Forged"})
    assert shop.store.query(Query("ledger", f"EVENT#{event['id']}")).items == before
    assert kept(shop, subject="mug") == [event["id"]]
    assert shop.dead_letters() == []


def test_of_a_batch_only_the_bad_ones_fail(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    good = [ours(subject="mug") for _ in range(60)]
    bad = [foreign(time="yesterday"), foreign(id="x" * 2100), foreign(detail=[])]
    keep(shop, *good[:30], *bad, *good[30:], allow_failures=True)
    assert kept(shop, subject="mug", limit=100) == in_order(*good)
    errors = [error for _, error in shop.dead_letters()]
    assert len(errors) == len(bad)
    assert all(part in "".join(errors) for part in ("time", "PK", "detail"))
    lines = [record.getMessage() for record in caplog.records]
    assert "handled" not in lines, "that an event is kept is no news: the ledger would double the log"


def test_a_handler_of_every_event_takes_many_at_once() -> None:
    assert (RECORDER.batch, RECORDER.gathers) == (100, True)


@pytest.mark.parametrize("by", ["subject", "correlation"])
def test_pages_of_a_thing_and_of_a_story_go_on_across_months(shop: Shop, by: str) -> None:
    """… also where several events share their moment, and however old they are."""
    moments = [BEGIN + timedelta(seconds=30 * (number // 3)) for number in range(20)]
    events = [ours(**{by: "mug"}, moment=moment) for moment in [BEGIN - timedelta(days=300), *moments]]
    keep(shop, *events, ours(), foreign())
    ids = in_order(*events)
    assert kept(shop, **{by: "mug"}, limit=3) == ids
    span = {"from": timestamp(moments[3]), "to": timestamp(moments[9])}
    assert kept(shop, **{by: "mug"}, limit=2, **span) == ids[4:10]


def test_a_cursor_is_of_one_list(shop: Shop) -> None:
    keep(shop, *(ours(subject="mug", correlation="mug") for _ in range(3)))
    cursor = shop.request("GET", "/events?subject=mug&limit=1", token="staff").json["next"]
    for query in ("subject=cup", "correlation=mug", "type=mug"):
        answer = shop.request("GET", f"/events?{query}&cursor={cursor}", token="staff")
        assert answer.json["errors"][0]["field"] == "query.cursor"


def test_a_story_may_be_as_long_as_an_import(shop: Shop) -> None:
    events = [ours(correlation="import") for _ in range(700)]
    keep(shop, *events)
    assert [event.event_id for event in store.of_correlation(shop.store, "import")] == in_order(*events)
    middle = sorted(f"{event['time']}#{event['id']}" for event in events)[350]
    assert sum(1 for _ in store.of_correlation(shop.store, "import", after=middle)) == 349


def test_killed_between_store_and_settle_nothing_is_twice_or_lost(shop: Shop) -> None:
    events = [ours(subject="mug") for _ in range(5)]
    with shop.engine.group():
        for event in events:
            shop.engine.queues.send("ledger-events", json.dumps(event))
        messages = shop.engine.queues.receive("ledger-events", 3)
    records = [
        {"messageId": each.id, "body": each.body, "attributes": {"ApproximateReceiveCount": "1"}} for each in messages
    ]
    assert shop.invoke("ledger-events", {"Records": records})["batchItemFailures"] == []
    shop.drain()  # nobody settled those; they come again with the others
    assert kept(shop, subject="mug") == in_order(*events)
    assert shop.engine.queues.depth["ledger-events"] == 0
