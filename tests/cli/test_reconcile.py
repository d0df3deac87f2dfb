import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.running import RunningShop, running_shop

from .shell import cartwheel

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    folder: Path = tmp_path_factory.mktemp("shop")
    with running_shop(folder, "--empty", reconciliation_grace="0.001") as shop:
        yield shop


def order(shop: RunningShop) -> str:
    order_id = str(shop.request("POST", "/orders", {"amount": 5, "currency": "EUR"}, {})["orderId"])
    shop.wait_until(lambda: shop.get(f"/orders/{order_id}")["status"] == "CONFIRMED")
    shop.wait_until_settled()
    return order_id


def damage(shop: RunningShop, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(shop.folder / "cartwheel.db", timeout=20)) as connection, connection:
        connection.execute(statement, values)


def test_it_says_what_agrees_and_what_does_not(shop: RunningShop) -> None:
    order_id = order(shop)
    done = cartwheel("reconcile", "--data", str(shop.folder))
    assert (done.code, done.out) == (0, "Everything agrees.\n")
    damage(shop, "UPDATE items_payment SET item = json_set(item, '$.amount', 1) WHERE pk = ?", f"PAYMENT#{order_id}")
    done = cartwheel("reconcile", "--all", "--data", str(shop.folder))
    assert done.code == 1
    assert done.out.splitlines() == [
        "payment-differs",
        f"  {order_id}  expected 500 EUR, found 1 EUR",
        "    to do: compare both with the provider, and settle the difference there",
        "",
        "1 found: 0 repaired, 1 to be looked at",
    ]
    told = shop.get("/events?type=DiscrepancyFound")["items"][-1]["detail"]["data"]
    assert (told["kind"], told["about"], "repair" in told) == ("payment-differs", order_id, False)
    damage(shop, "UPDATE items_payment SET item = json_set(item, '$.amount', 500) WHERE pk = ?", f"PAYMENT#{order_id}")


def test_json_is_the_run(shop: RunningShop) -> None:
    order_id = order(shop)
    damage(
        shop,
        "DELETE FROM items_ledger WHERE json_extract(item, '$.subject') = ? AND json_extract(item, '$.detailType') = ?",
        order_id,
        "OrderConfirmed",
    )
    done = cartwheel("reconcile", "--json", "--data", str(shop.folder))
    assert done.code == 0
    run = json.loads(done.out)
    assert (run["state"], run["found"]) == ("done", 1)
    assert run["findings"] == [
        {
            "kind": "fact-without-event",
            "about": order_id,
            "expected": "OrderConfirmed",
            "found": "none",
            "repair": "tell-order-again",
        }
    ]
    shop.wait_until_settled()
    assert cartwheel("reconcile", "--data", str(shop.folder)).out == "Everything agrees.\n"
