"""Payment is broken on purpose: the alarm rings, is mailed once and shown; mended, it ends by itself, and says so."""

import re
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.notification.sink import Sink, running
from tests.support.hasty import MINUTE
from tests.support.running import RunningShop

ALARM: Final = "payment-provider-failures"
ON_CALL: Final = "on-call@example.com"
BROKEN_ORDERS: Final = 8  # as many failed calls at once as let it ring, and a few more


@pytest.fixture
def sink() -> Iterator[Sink]:
    with running(Sink()) as sink:
        yield sink


@pytest.fixture
def shop(tmp_path: Path, sink: Sink) -> Iterator[RunningShop]:
    settings = {"smtp_url": f"smtp://127.0.0.1:{sink.port}", "alarm_email": ON_CALL}
    shop = RunningShop(tmp_path / "shop", settings, ("--empty",), module="tests.support.hasty")
    shop.start()
    yield shop
    shop.close()


def standing(shop: RunningShop) -> dict[str, Any]:
    (found,) = [each for each in shop.get("/alarms.json")["items"] if each["name"] == ALARM]
    return dict(found)


def mails(sink: Sink) -> list[EmailMessage]:
    return [mail for mail in sink.mails if mail["To"] == ON_CALL and ALARM in mail["Subject"]]


def order(shop: RunningShop, token: str) -> str:
    placed = shop.request("POST", "/orders", {"amount": 5, "currency": "EUR", "paymentToken": token})
    return str(placed["orderId"])


def page(shop: RunningShop) -> str:
    """The dashboard, as a browser gets it that was signed in by the link of `cartwheel dashboard`."""
    with httpx.Client(base_url=shop.url, follow_redirects=True) as browser:
        answer = browser.get(shop.request("POST", "/dashboard/tickets")["path"])
        assert (answer.status_code, answer.url.path) == (200, "/dashboard")
        return answer.text


def rings(text: str) -> bool:
    """Whether the page has the alarm among those that are on."""
    return any(ALARM in found for found in re.findall(r"<h3>(.*?)</h3>", text))


def test_payment_breaks_and_is_mended(shop: RunningShop, sink: Sink) -> None:
    order(shop, "tok_approve")
    shop.wait_until(lambda: standing(shop)["state"] == "OK", 10 * MINUTE)
    assert not rings(page(shop))

    broken, orders = time.monotonic(), [order(shop, "tok_timeout") for _ in range(BROKEN_ORDERS)]
    shop.wait_until(lambda: standing(shop)["state"] == "ALARM", 10 * MINUTE, lambda: standing(shop))
    assert time.monotonic() - broken < 2 * MINUTE + 1  # two evaluation periods, and a loaded machine's second
    assert rings(page(shop))
    shop.wait_until(lambda: len(mails(sink)) == 1)
    (told,) = mails(sink)
    assert told["Subject"] == f"[Cartwheel] ALARM: {ALARM}"
    assert "docs/runbooks/payment-provider-fails.md" in told.get_content()

    for each in orders:  # the provider is asked to void what is cancelled, and that it answers
        shop.request("POST", f"/orders/{each}/cancel")
    shop.wait_until(lambda: standing(shop)["state"] == "OK", 20 * MINUTE, lambda: standing(shop))
    assert not rings(page(shop))
    shop.wait_until(lambda: len(mails(sink)) == 2)
    assert mails(sink)[1]["Subject"] == f"[Cartwheel] Recovered: {ALARM}"
    assert shop.stop() == 0
    assert len(mails(sink)) == 2
