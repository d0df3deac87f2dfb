"""A real shop goes through all that is watched: what it recorded is what alarms and dashboard are about, both ways.

`test_names` reads the code; this one believes only what is in the history when the shop has stopped.
"""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from cartwheel.app import APP
from cartwheel.kernel.derived_alarms import alarms_of
from cartwheel.kernel.derived_dashboard import dashboard_of
from cartwheel.kernel.metrics import NAMESPACE
from cartwheel.kernel.platform_metrics import FUNCTION
from cartwheel.kernel.settings import Settings
from cartwheel.local.monitoring.figures import Key
from cartwheel.local.monitoring.history import History
from cartwheel.local.monitoring.tally import key_of
from infra.watched import alarms_on_aws
from tests.notification.sink import Sink, running
from tests.support.running import RunningShop

pytestmark = pytest.mark.slow

Name = tuple[str, str]  # namespace and name

# What this story does not provoke, why, and where it is provoked instead.
ELSEWHERE: Final[dict[Name, str]] = {
    (NAMESPACE, "OrdersOfUsual"): "needs the events of four weeks: tests/ledger/test_metrics.py",
    (NAMESPACE, "DeclinesAboveUsual"): "needs the events of four weeks: tests/ledger/test_metrics.py",
    (
        NAMESPACE,
        "InvocationsNearTimeout",
    ): "needs a function that works for eight seconds: tests/kernel/test_metrics.py",
    (NAMESPACE, "CanarySuccesses"): "is off unless switched on: tests/scenario/test_canary.py",
    (NAMESPACE, "CanaryDuration"): "is off unless switched on: tests/scenario/test_canary.py",
    ("AWS/Lambda", "IteratorAge"): "of streams, which only AWS has",
}
SKU: Final = "watched"
EMAIL: Final = "ann@example.com"
STOCK: Final = 4


@pytest.fixture(scope="module")
def totals(tmp_path_factory: pytest.TempPathFactory) -> dict[Key, float]:
    """Every metric that the shop recorded, with the sum of its values."""
    folder = tmp_path_factory.mktemp("watched") / "shop"
    with running(Sink()) as sink:
        settings = {"smtp_url": f"smtp://127.0.0.1:{sink.port}", "reconciliation_grace": "0.1"}
        with closing(RunningShop(folder, settings, ("--empty",), module="tests.docs.quick")) as shop:
            shop.start()
            live(shop, sink)
            assert shop.stop() == 0
    return recorded(folder)


def recorded(folder: Path) -> dict[Key, float]:
    with closing(History.open(folder)) as history:
        return {key: total for key, _, total in history.totals()}


def live(shop: RunningShop, sink: Sink) -> None:
    """Sold and sent and given back; declined; sold out; given up; a wrong word at the door; damage that is found."""
    shop.request("POST", "/products", {"name": "Mug", "variants": [{"sku": SKU, "regularPrice": 5}], "published": True})
    shop.request("PUT", f"/stock/{SKU}", {"quantity": STOCK, "lowMark": STOCK - 1})
    shop.wait_until_settled()
    sold = checked_out(shop, 1, "tok_approve")
    declined = checked_out(shop, 1, "tok_decline")
    given_up = checked_out(shop, 1, "tok_timeout")
    for step in ("fulfil", "refund"):
        settled(shop, sold)
        shop.request("POST", f"/orders/{sold}/{step}")
    assert settled(shop, declined)["status"] == "CANCELLED"
    assert settled(shop, checked_out(shop, STOCK, "tok_approve"))["status"] == "CANCELLED"  # some are held
    shop.wait_until(lambda: shop.dead() == 1, 20)
    assert shop.get(f"/orders/{given_up}")["status"] == "RESERVED"
    wrong_word(shop)
    sink.answers["RCPT"] = "550 no such user"
    shop.request("POST", f"/orders/{given_up}/cancel")  # a mail says so, and is refused
    shop.wait_until(lambda: shop.dead() >= 2, 20)
    damage(shop)
    shop.wait_until(lambda: bool(shop.events("DiscrepancyFound")), 20)
    shop.wait_until_settled()
    time.sleep(5.5)  # so that queues have been sampled since


def checked_out(shop: RunningShop, quantity: int, token: str) -> str:
    basket = shop.request("POST", "/baskets")["basketId"]
    shop.request("PUT", f"/baskets/{basket}/lines/{SKU}", {"quantity": quantity})
    wish = {"paymentToken": token, "email": EMAIL}
    return str(shop.request("POST", f"/baskets/{basket}/checkout", wish)["orderId"])


def settled(shop: RunningShop, order_id: str) -> Any:
    """The order, once it waits for nobody but staff."""
    shop.wait_until(lambda: shop.get(f"/orders/{order_id}")["status"] not in ("PENDING", "PLACED", "RESERVED"), 20)
    return shop.get(f"/orders/{order_id}")


def wrong_word(shop: RunningShop) -> None:
    parameters = {"USERNAME": EMAIL, "PASSWORD": "a wrong one, 1 X"}
    body = {"ClientId": "cartwheel", "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    target = {"X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth"}
    assert httpx.post(f"{shop.url}/", json=body, headers=target).status_code == 400


def damage(shop: RunningShop) -> None:
    """Somebody takes a payment out of the database, and reconciliation is asked for."""
    with closing(sqlite3.connect(shop.folder / "cartwheel.db", timeout=20)) as connection, connection:
        assert connection.execute("DELETE FROM items_payment WHERE pk LIKE 'PAYMENT#%'").rowcount > 0
    shop.request("POST", "/reconciliations", {})


def test_every_alarm_is_of_something_that_was_recorded(totals: dict[Key, float]) -> None:
    keys = {alarm.name: key_of(alarm.metric, alarm.dimensions) for alarm in alarms_of(APP, Settings())}
    missing = {name: key for name, key in keys.items() if not (key in totals or accounted(key, totals))}
    assert missing == {}


def test_every_chart_is_of_something_that_was_recorded(totals: dict[Key, float]) -> None:
    missing = [key for key in drawn() if not (key in totals or accounted(key, totals))]
    assert missing == []


def accounted(key: Key, totals: dict[Key, float]) -> bool:
    """What is provoked elsewhere; and of a function that had nothing to do, that of another."""
    namespace, name, dimensions = key
    if (namespace, name) in ELSEWHERE:
        return True
    return dimensions[:1] in [((FUNCTION, each),) for each in APP.functions] and any(
        found[:2] == (namespace, name) and found[2][:1] and found[2][0][0] == FUNCTION for found in totals
    )


def drawn() -> list[Key]:
    series = [each for group in dashboard_of(APP, "EUR") for widget in group.widgets for each in widget.series]
    return [key_of(each.metric, each.dimensions) for each in series]


def test_whatever_was_recorded_is_watched_or_shown(totals: dict[Key, float]) -> None:
    watched = {key_of(alarm.metric, alarm.dimensions)[:2] for alarm in alarms_on_aws(APP, Settings())}
    assert {key[:2] for key in totals} <= watched | {key[:2] for key in drawn()}


def test_whatever_is_told_apart_has_a_value_of_the_map(totals: dict[Key, float]) -> None:
    known = {key for key in drawn() if key[2]} | {
        key_of(alarm.metric, alarm.dimensions) for alarm in alarms_of(APP, Settings())
    }
    values = {pair for _, _, dimensions in known for pair in dimensions}
    assert {pair for _, _, dimensions in totals for pair in dimensions} <= values


def test_what_the_story_provoked_was_counted(totals: dict[Key, float]) -> None:
    ours = {key: total for key, total in totals.items() if key[0] == NAMESPACE}
    idle = {key for key, total in ours.items() if total <= 0 and key[1] != "OutboxAge"}
    assert idle == set()


def test_nothing_is_excused_that_was_recorded(totals: dict[Key, float]) -> None:
    assert {key[:2] for key in totals} & ELSEWHERE.keys() == set()
