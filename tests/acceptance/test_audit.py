"""What staff do is in the audit, with what was there before; the chain holds on either host."""

from typing import Any

import pytest

from cartwheel.audit.model import Link, Verifier
from cartwheel.kernel.clock import now, timestamp

from .hosts import Headers, subject_of
from .shop import Shop

pytestmark = pytest.mark.slow


def _items(shop: Shop, admin: Headers, query: str = "") -> list[dict[str, Any]]:
    items, cursor = [], ""
    while True:
        page = shop.get(f"/audit?limit=20{query}{cursor}", admin)
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = f"&cursor={page['next']}"


def test_an_act_has_its_entry(shop: Shop) -> None:
    admin, began = shop.host.token("admin"), timestamp(now())
    staff, sku = shop.staff, shop.sku("audited")
    for quantity in (3, 4):
        shop.ask("PUT", f"/stock/{sku}", {"quantity": quantity}, staff)

    def acts() -> list[dict[str, Any]]:
        links = map(Link.read, _items(shop, admin, f"&who={subject_of(staff)}&from={began}"))
        return [link.content() for link in links if link.content()["parameters"] == {"sku": sku}]

    shop.until(lambda: len(acts()) == 2)
    first, second = sorted(acts(), key=lambda entry: str(entry["actedAt"]))
    assert [entry["route"] for entry in (first, second)] == ["PUT /stock/{sku}"] * 2
    assert "before" not in first["changes"][0]
    assert '"available":3' in second["changes"][0]["before"]
    assert _items(shop, admin, f"&to={began}&from={began}") == []


def test_the_chain_holds(shop: Shop) -> None:
    admin = shop.host.token("admin")
    head = shop.get("/audit/head", admin)
    verifier = Verifier([(head["seq"], head["hash"])])
    faults = list(verifier.follow(map(Link.read, _items(shop, admin))))
    assert [*faults, *verifier.end(shop.get("/audit/head", admin)["seq"])] == []
    shop.refusal("GET", "/audit", who=shop.staff, status=403)
