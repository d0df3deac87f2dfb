"""The orders that the bench stores beforehand are such as the shop itself would have left behind."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench.life import started
from bench.specimens import buy_specimens
from bench.stored import FULFILLED_AFTER, PERIOD, fill
from cartwheel.app import APP
from cartwheel.kernel.ids import minted_at
from cartwheel.local import archive
from cartwheel.local.database import indexed_attributes, open_for_reading, physical
from tests.support.running import RunningShop, is_settled

pytestmark = pytest.mark.slow

ORDERS = 200
SPECIMENS = 4

Item = dict[str, Any]


@dataclass(frozen=True)
class Filled:
    """A running shop with stored orders, and what lies in its tables; whether it had nothing to do with them, and the
    position of the last event, before it was started.
    """

    shop: RunningShop
    items: list[Item]
    at_rest: bool
    last: int

    def of(self, kind: str) -> list[Item]:
        return [item for item in self.items if item["PK"].startswith(f"{kind}#")]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    folder = tmp_path_factory.mktemp("shop")
    with started(folder) as shop:
        shop.wait_until_settled()
        specimens = buy_specimens(shop)
    fill(folder, specimens, ORDERS)
    at_rest = is_settled(folder)
    with closing(open_for_reading(folder)) as reader:
        (last,) = reader.execute("SELECT max(position) FROM events").fetchone()
    with started(folder) as shop:
        yield Filled(shop, stored_items(folder), at_rest, last)


def stored_items(folder: Path) -> list[Item]:
    """Every item, as they were stored one after the other; the columns beside them hold what is in them."""
    reader = open_for_reading(folder)
    items = []
    for table in APP.tables:
        names = indexed_attributes(table)
        columns = "".join(f', "{name}"' for name in names)
        for text, pk, sk, expires, *indexed in reader.execute(
            f"SELECT item, pk, sk, expires{columns} FROM {physical(table.name)} ORDER BY rowid"
        ):
            item = json.loads(text)
            assert (pk, sk, expires) == (item["PK"], item["SK"], item.get("expiresAt"))
            assert indexed == [item.get(name) for name in names]
            items.append(item)
    reader.close()
    return items


def test_as_many_orders_are_stored_as_were_asked_for_with_all_that_belongs_to_them(filled: Filled) -> None:
    for kind in ("ORDER", "PAYMENT", "PROVIDER", "RESERVATION"):
        assert len(filled.of(kind)) == ORDERS + SPECIMENS, kind
    orders = {item["orderId"] for item in filled.of("ORDER")}
    assert {item["orderId"] for item in filled.of("PAYMENT")} == orders
    assert {item["orderId"] for item in filled.of("RESERVATION")} == orders
    assert {item["orderId"] for item in filled.of("MAIL")} == orders
    assert 0 < len(filled.of("INBOX")) < 7 * ORDERS  # of the recent orders only


def test_their_events_are_in_the_ledger_and_old_ones_packed_in_the_archive(filled: Filled) -> None:
    orders = {item["orderId"] for item in filled.of("ORDER")}
    recorded = [item["subject"] for item in filled.of("EVENT") if item["detailType"] == "OrderConfirmed"]
    assert sorted(recorded) == sorted(orders)
    with closing(open_for_reading(filled.shop.folder)) as reader:
        archived = [json.loads(event.body) for event in archive.read(reader, *archive.positions(reader))]
        assert reader.execute("SELECT count(*) FROM archive").fetchone()[0] > 0
    assert {each["detail"]["data"]["orderId"] for each in archived if each["detail-type"] == "OrderConfirmed"} == orders


def test_they_were_bought_over_the_whole_period_and_the_older_ones_are_fulfilled(filled: Filled) -> None:
    now = datetime.now(UTC)
    ages = {item["orderId"]: now - minted_at(item["orderId"]) for item in filled.of("ORDER")}
    by_week = Counter(age.days // 7 for age in ages.values())
    assert set(by_week) == set(range(PERIOD.days // 7 + 1))
    for item in filled.of("ORDER")[SPECIMENS:]:
        age = ages[item["orderId"]]
        assert abs(now - age - datetime.fromisoformat(item["createdAt"])) < PERIOD / 90
        if abs(age - FULFILLED_AFTER) > PERIOD / 90:
            assert item["status"] == ("FULFILLED" if age > FULFILLED_AFTER else "CONFIRMED")


def test_half_of_them_belong_to_customers_and_are_found_by_customer(filled: Filled) -> None:
    owned = [item for item in filled.of("ORDER") if "customerId" in item]
    assert len(owned) == len({item["customerId"] for item in owned}) == (ORDERS + SPECIMENS) / 2
    for item in owned[::10]:
        found = filled.shop.items(f"/orders?customer={item['customerId']}")
        assert [order["orderId"] for order in found] == [item["orderId"]]


def test_the_shop_reads_them_and_finds_nothing_left_to_do(filled: Filled) -> None:
    assert filled.at_rest
    for item in filled.of("ORDER")[::10]:
        order = filled.shop.get(f"/orders/{item['orderId']}")
        payment = filled.shop.get(f"/payments/{item['orderId']}")
        assert (order["status"], payment["state"]) in [("CONFIRMED", "AUTHORISED"), ("FULFILLED", "CAPTURED")]
    filled.shop.wait_until_settled()
    assert filled.shop.dead() == 0
    with closing(open_for_reading(filled.shop.folder)) as reader:
        told = reader.execute("SELECT body FROM events WHERE position > ?", (filled.last,)).fetchall()
    assert {json.loads(body)["detail-type"] for (body,) in told} == {"StaffActed"}  # who read them


def test_shards_follow_from_ids_as_the_shop_makes_them(filled: Filled) -> None:
    sharded = [item for item in filled.of("ORDER") if "deadlineShard" in item]
    assert sharded
    assert all(item["deadlineShard"] == f"DEADLINE#{int(item['orderId'][-1], 16) % 4}" for item in sharded)
