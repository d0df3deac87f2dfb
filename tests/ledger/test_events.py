"""`GET /events`: a type's events in the order of time, page by page, none twice and none left out."""

import base64
import json
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.envelope import Envelope
from cartwheel.kernel.ids import new_id
from cartwheel.ledger import store
from cartwheel.ledger.model import SHARDS, Recorded, months
from tests.support.shop import Shop

from .world import listed, placed, take, walked

BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
END = datetime(2027, 2, 1, tzinfo=UTC)
RANGE = f"from={timestamp(BEGIN)}&to={timestamp(END)}"

# Few different moments, so that many events share one; among them the edges of months and of the range.
MOMENTS = st.sampled_from(
    [BEGIN, BEGIN + timedelta(milliseconds=1), END - timedelta(milliseconds=1)]
    + [datetime(2026, month, 1, tzinfo=UTC) + timedelta(milliseconds=ms) for month in (11, 12) for ms in (-1, 0, 1)]
) | st.datetimes(datetime(2026, 10, 1), datetime(2027, 1, 31), timezones=st.just(UTC))


def put(shop: Shop, moment: datetime, detail_type: str = "order_placed") -> str:
    event = placed(timestamp(moment)) | {"detail-type": detail_type}
    shop.store.transact([store.add(Envelope.parse(event))])
    return str(event["id"])


@settings(max_examples=60, deadline=None)
@given(st.lists(MOMENTS, max_size=40), st.integers(1, 12))
def test_pages_never_repeat_or_miss_and_are_in_order(moments: list[datetime], limit: int) -> None:
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        shop = Shop(Path(folder))
        ids = {put(shop, moment): timestamp(moment) for moment in moments}
        pages = walked(shop, limit, RANGE)
        shop.close()
    assert list(chain(*pages)) == sorted(ids, key=lambda event_id: (ids[event_id], event_id))
    assert all(len(page) == limit for page in pages[:-1])
    assert pages == [[]] or pages[-1], "the last page is empty only when all is"


def test_the_range_begins_with_its_start_and_ends_before_its_end(shop: Shop) -> None:
    second = timedelta(seconds=1)
    moments = [BEGIN - second, BEGIN, BEGIN + second, BEGIN + 2 * second]
    ids = [put(shop, moment) for moment in moments]
    query = f"from={timestamp(BEGIN)}&to={timestamp(BEGIN + 2 * second)}"
    assert walked(shop, 10, query) == [ids[1:3]]


def test_only_events_of_the_type(shop: Shop) -> None:
    """Whatever a type is called: it must not get into the way of another one's partition."""
    mine = put(shop, BEGIN)
    for other in ("order_placed2", "order", "#order_placed", "2026-10#0#order_placed"):
        put(shop, BEGIN, other)
    assert walked(shop, 10, RANGE) == [[mine]]


def test_what_comes_in_between_moves_nothing(shop: Shop) -> None:
    ids = [put(shop, BEGIN + timedelta(minutes=minute)) for minute in range(4)]
    first = listed(shop, RANGE, limit=2).json
    put(shop, BEGIN)
    put(shop, BEGIN + timedelta(seconds=30))
    second = listed(shop, RANGE, limit=2, cursor=first["next"]).json
    assert [event["id"] for event in first["items"] + second["items"]] == ids
    assert second["next"] is None


def test_without_a_range_it_is_the_last_month(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """… and stays the month that it was at the first page: what was in it then is not missed by reading slowly."""
    moment = now()
    ids = [put(shop, moment - timedelta(days=days)) for days in (31, 29, 28, 1)][1:]
    first = listed(shop, "limit=1").json
    monkeypatch.setattr("cartwheel.ledger.walk.now", lambda: moment + timedelta(days=30))
    second = listed(shop, "limit=5", cursor=first["next"]).json
    assert [event["id"] for event in first["items"] + second["items"]] == ids


def test_nothing_is_an_empty_page(shop: Shop) -> None:
    assert listed(shop, RANGE).json == {"items": [], "next": None}


def test_no_key_takes_all_events_of_a_time(shop: Shop) -> None:
    """At one and the same moment they go to all shards alike; so no key is hot, however fast they come."""
    events = [Recorded.of(Envelope.parse(placed(event_id=new_id()))) for _ in range(SHARDS * 200)]
    counts = [sum(event.partition == each for event in events) for each in {event.partition for event in events}]
    assert len(counts) == SHARDS
    assert max(counts) < 1.5 * 200


def test_a_page_reads_no_more_than_it_needs(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(300):
        put(shop, BEGIN + timedelta(seconds=number))
    read: list[int] = []
    query = type(shop.store).query

    def counting(self: Any, asked: Any) -> Any:
        page = query(self, asked)
        read.append(len(page.items))
        return page

    monkeypatch.setattr(type(shop.store), "query", counting)
    assert len(listed(shop, RANGE, limit=20).json["items"]) == 20
    assert sum(read) <= 100
    assert len(read) <= 3 * SHARDS


def test_months_follow_each_other() -> None:
    assert list(months("2026-11", "2027-02")) == ["2026-11", "2026-12", "2027-01", "2027-02"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=x", "query.from"),
        ("from=2026-01-01T00:00:00", "query.from"),
        ("from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z", "query.from"),
        ("from=2020-01-01T00:00:00Z", "query.from"),
        ("from=0001-01-01T00:00:00%2B14:00&to=0001-01-02T00:00:00Z", "query.to"),
        ("to=9999-12-31T23:59:59-14:00", "query.to"),
        ("limit=0", "query.limit"),
        ("limit=101", "query.limit"),
    ],
)
def test_bad_queries_are_told(shop: Shop, query: str, field: str) -> None:
    answer = listed(shop, query.replace("%2B", "+"))
    assert answer.status == 422
    assert answer.json["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("", ["type", "subject", "correlation"]),
        ("?type=a&subject=b", ["type", "subject"]),
        ("?subject=b&correlation=c&cursor=x", ["subject", "correlation"]),
    ],
)
def test_events_are_asked_for_by_one_thing(shop: Shop, query: str, fields: list[str]) -> None:
    answer = shop.request("GET", f"/events{query}", token="staff")
    assert answer.status == 422
    assert [error["field"] for error in answer.json["errors"]] == [f"query.{field}" for field in fields]
    assert "one of `type`, `subject` and `correlation`" in answer.json["detail"]


def encoded(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


TIMES = ("2026-11-01T00:00:00.000Z", "2026-12-01T00:00:00.000Z")


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%C3%A9",
        encoded(),
        encoded(1, 2, 3, 4, 5),
        encoded("order_placed", *TIMES, "2026-11-02T00:00:00.000Z#x"),
        encoded("id", "order_placed", *TIMES, "2026-11-02T00:00:00.000Z#x"),
        encoded(["type"], "order_placed", *TIMES, "2026-11-02T00:00:00.000Z#x"),
        encoded("subject", "order_placed", *TIMES, "2026-11-02T00:00:00.000Z#x"),
        encoded("type", "order_placed", *TIMES, None),
        encoded("type", "order_placed", *TIMES, ""),
        encoded("type", "order_placed", *TIMES, "2026-12-02T00:00:00.000Z#x"),
        encoded("type", "order_placed", *TIMES, "2026-10-02T00:00:00.000Z#x"),
        encoded("type", "order_placed", *TIMES, "2026-11-02"),
        encoded("type", "order_placed", "0001-01-01T00:00:00.000Z", TIMES[1], "2026-11-02T00:00:00.000Z#x"),
        encoded("type", "order_placed", "2026-11-99T00:00:00.000Z", TIMES[1], "2026-11-99T00:00:00.000Z#x"),
        encoded("type", "another_type", *TIMES, "2026-11-02T00:00:00.000Z#x"),
        encoded("type", "order_placed", "2026-11-01T00:00:00.001Z", TIMES[1], "2026-11-02T00:00:00.000Z#x"),
    ],
)
def test_bad_cursor(shop: Shop, cursor: str) -> None:
    answer = listed(shop, f"from={TIMES[0]}&to={TIMES[1]}", cursor=cursor)
    assert answer.status == 422
    assert answer.json["errors"][0]["field"] == "query.cursor"


@pytest.mark.parametrize(("token", "status"), [(None, 401), ("customer:ada", 403)])
def test_the_ledger_is_for_staff(shop: Shop, token: str | None, status: int) -> None:
    take(shop, placed())
    assert shop.request("GET", "/events?type=order_placed", token=token).status == status
