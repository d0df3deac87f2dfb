"""A projection of more than a thousand events is made once more while the shop goes on; what was spoilt is repaired."""

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from cartwheel.app import APP
from cartwheel.catalog.events import Offer, ProductChanged
from cartwheel.kernel.events import Cause, Envelope
from cartwheel.kernel.ids import new_id
from cartwheel.local.database import FILE, open_for_writing
from cartwheel.local.engine import Engine
from tests.cli.shell import Done, cartwheel, end, start
from tests.support.running import RunningShop, running_shop

pytestmark = pytest.mark.slow

EVENTS: Final = 1_200
PRODUCTS: Final = 700  # so most of them changed


def _event(number: int) -> Envelope:
    name = str(number % PRODUCTS)
    offer = Offer(sku=f"sku-{name}", name=f"Thing {name}", regular=100 + number, currency="EUR")
    changed = ProductChanged(
        product_id=f"product-{name}", revision=1 + number // PRODUCTS, name=name, published=True, offers=[offer]
    )
    return Envelope.of(changed, Cause(new_id(), new_id()))


def publish(folder: Path) -> None:
    """Into the queues of a shop that is not running yet."""
    with closing(open_for_writing(folder, APP)) as connection:
        engine = Engine(connection, APP)
        with engine.group():
            assert engine.bus.publish([_event(number) for number in range(EVENTS)]) == []


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    folder = tmp_path_factory.mktemp("shop")
    publish(folder)
    with running_shop(folder, "--empty") as shop:
        shop.wait_until_settled()
        yield shop


def rebuild(shop: RunningShop, *arguments: str) -> Done:
    return cartwheel("rebuild", "prices", *arguments, "--data", str(shop.folder))


def spoil(shop: RunningShop, statement: str, *values: Any) -> None:
    """Beside the running shop, as a fault would."""
    with closing(sqlite3.connect(shop.folder / FILE, timeout=10)) as connection:
        assert connection.execute(statement, values).rowcount == 1
        connection.commit()


def copies(shop: RunningShop) -> list[Any]:
    """Those that take events."""
    return [item for item in shop.stored("basket", "COPY#") if "projection" in item]


def test_it_equals_the_live_one_and_says_how_far_it_is(shop: RunningShop) -> None:
    command = [sys.executable, "-m", "cartwheel", "rebuild", "prices", "--data", str(shop.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == f"prices: {EVENTS:,} events applied, {2 * PRODUCTS:,} items compared: equal\n"


def test_what_was_spoilt_is_named_and_repaired(shop: RunningShop) -> None:
    price = """UPDATE items_basket SET item = json_set(item, '$.regular', 1) WHERE pk = ?"""
    spoil(shop, price, "OFFER#sku-7")
    spoil(shop, "DELETE FROM items_basket WHERE pk = ?", "OFFER#sku-8")
    ghost = '{"PK": "OFFER#ghost", "SK": "OFFER#ghost", "sku": "ghost"}'
    spoil(shop, "INSERT INTO items_basket (pk, sk, item) VALUES ('OFFER#ghost', 'OFFER#ghost', ?)", ghost)
    named = rebuild(shop)
    assert named.code == 1
    lines = [line.split(maxsplit=2) for line in named.out.splitlines()[1:4]]
    assert sorted(lines) == [
        ["OFFER#ghost", "extra"],
        ["OFFER#sku-7", "changed", f"regular: 1 instead of {100 + PRODUCTS + 7}"],
        ["OFFER#sku-8", "missing"],
    ]
    assert "1 changed, 1 missing, 1 extra" in named.out
    assert "--swap" in named.err
    repaired = rebuild(shop, "--swap", "--yes", "--remove-extra", "--json").json
    assert (repaired["swapped"], repaired["differences"], repaired["applied"]) == (3, [], EVENTS)


def test_a_shop_that_goes_on_is_no_false_alarm(shop: RunningShop) -> None:
    """Prices change all the time, before, during and after the comparison."""
    body = {"name": "Lamp", "variants": [{"sku": "lamp", "regularPrice": 10}]}
    made = shop.request("POST", "/products", body)
    revision, going = made["revision"], threading.Event()

    def change() -> None:
        nonlocal revision
        while not going.wait(0.02):
            variants = [{"sku": "lamp", "regularPrice": 10 + revision % 7}]
            changed = {**body, "variants": variants, "revision": revision}
            revision = shop.request("PUT", f"/products/{made['productId']}", changed)["revision"]

    thread = threading.Thread(target=change)
    thread.start()
    try:
        done = rebuild(shop)
    finally:
        going.set()
        thread.join()
    assert done.code == 0, done.out + done.err
    assert revision > 20


def test_interrupted_it_leaves_nothing_behind(shop: RunningShop) -> None:
    process = start("rebuild", "prices", "--data", str(shop.folder))
    while not copies(shop):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    done = end(process)
    assert (done.code, done.out) == (130, "")
    assert "the same command begins again" in done.err
    assert copies(shop) == []
