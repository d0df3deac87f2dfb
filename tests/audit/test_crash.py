"""`kill -9` between an act of staff and its entry."""

import json
from pathlib import Path

import pytest

from cartwheel.audit.model import Link, Verifier
from tests.support.running import RunningShop, running_shop

pytestmark = pytest.mark.slow

ACTS = 40


def entries(shop: RunningShop) -> list[Link]:
    return [Link.read(item) for item in shop.get("/audit?limit=100", shop.token("eve", "admin"))["items"]]


def counts(shop: RunningShop) -> list[str]:
    """The SKUs that were counted, by the entries."""
    told = [link.content() for link in entries(shop)]
    return sorted(entry["parameters"]["sku"] for entry in told if entry["route"] == "PUT /stock/{sku}")


@pytest.mark.parametrize("victim", ["the host", "storage"])
def test_after_a_crash_every_act_has_its_entry(tmp_path: Path, victim: str) -> None:
    skus = [f"tea-{number:02}" for number in range(ACTS)]
    with running_shop(tmp_path / "shop", "--empty") as shop:
        for sku in skus:
            shop.stock(sku, 5)
        if victim == "the host":
            shop.kill()
        else:
            shop.kill_processes(victim)
            shop.stop()
        shop.start()
        shop.wait_until(lambda: len(counts(shop)) >= ACTS)
        assert counts(shop) == skus
        verifier, head = Verifier(), shop.get("/audit/head", shop.token("eve", "admin"))
        assert [*verifier.follow(entries(shop)), *verifier.end(head["seq"])] == []
        assert verifier.hash == head["hash"]
        assert json.loads(entries(shop)[0].text)["seq"] == 1
