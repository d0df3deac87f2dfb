"""After an erasure no file of the data folder holds a trace of the person, nor the key that could bring one back."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.running import GUEST, RunningShop
from tests.userpool.people import Person

pytestmark = pytest.mark.slow

NAME, STREET, PHONE = "Zebulon Quartermain", "77 Peppercorn Crescent", "+44 1632 960771"
EMAIL, GUEST_EMAIL = "zebulon@quartermain.example", "guest@quartermain.example"
SKU = "mug-white"
PROFILE = {"name": NAME, "phone": PHONE, "marketingConsent": True, "revision": 1}
ADDRESS = {"name": NAME, "line1": STREET, "city": "Puddlecombe", "postalCode": "PX7 4QZ", "country": "GB"}
PERSONAL = (EMAIL, GUEST_EMAIL, NAME, "Quartermain", STREET, "Peppercorn", PHONE, "Puddlecombe", "PX7 4QZ")
MUTE = "tests.support.mute"


def spellings(text: str) -> Iterator[bytes]:
    """As it may be in a file: plainly, in JSON, in hexadecimal, in two bytes a letter, or within base64."""
    plain = text.encode()
    yield from (plain, plain.lower(), json.dumps(text)[1:-1].encode(), plain.hex().encode(), text.encode("utf-16-le"))
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + plain)[4:-4]  # what does not depend on what stands beside it
        if len(encoded) >= 8:  # what is shorter is there by chance
            yield from (encoded, encoded.translate(bytes.maketrans(b"+/", b"-_")))


def traces(folder: Path, *texts: str) -> list[tuple[str, str]]:
    """Which of them are in which files: tables, archive, dead letters, logs, free pages, write-ahead logs, accounts."""
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        found += [(path.name, text) for text in texts if any(spelling in content for spelling in spellings(text))]
    return found


def keys(shop: RunningShop) -> list[str]:
    return [item["key"] for item in shop.stored("vault", "OWNER#") if "key" in item]


def buy(shop: RunningShop, who: dict[str, str], email: str, quantity: int = 1) -> str:
    basket = shop.request("POST", "/baskets", headers=who)["basketId"]
    shop.request("PUT", f"/baskets/{basket}/lines/{SKU}", {"quantity": quantity}, headers=who)
    done: dict[str, Any] = shop.request("POST", f"/baskets/{basket}/checkout", {"email": email}, headers=who)
    return str(done["orderId"])


def live(shop: RunningShop, person: Person) -> dict[str, str]:
    """Sign up, tell all, twice where it can be repeated, buy, and ask for an export; answers the token's header."""
    who = {"Authorization": f"Bearer {person.joined()['AccessToken']}"}
    for _ in range(2):
        shop.request("PUT", "/me", PROFILE, headers=who | {"Idempotency-Key": "profile"})
        shop.request("POST", "/me/addresses", ADDRESS, headers=who | {"Idempotency-Key": "address"})
    assert shop.get("/me", who)["email"] == EMAIL
    for _ in range(2):
        buy(shop, who, EMAIL)
    shop.request("POST", "/orders", {"amount": 5, "currency": "EUR", "email": EMAIL}, headers=who)
    return who


def test_no_trace_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shop = RunningShop(folder)
    shop.start()
    try:
        shop.stock(SKU, 100)
        person = Person(shop, EMAIL)
        who = live(shop, person)
        guest_order = buy(shop, GUEST, GUEST_EMAIL)
        shop.wait_until_settled()
        export = shop.request("POST", "/me/exports", headers=who)["exportId"]
        shop.wait_until(lambda: bool(shop.get(f"/me/exports/{export}", who)["complete"]))
        told = json.dumps(shop.get(f"/me/exports/{export}", who))
        assert [text for text in (EMAIL, NAME, STREET, PHONE) if text not in told] == []
        assert {mail["to"] for mail in shop.items("/mailbox")} == {EMAIL, GUEST_EMAIL}
    finally:
        shop.close()
    dying(folder, who)  # two more orders, of which nobody can be told
    shop = RunningShop(folder)
    shop.start()
    try:
        known = keys(shop)
        assert len(known) >= 2
        assert traces(folder, *known)
        assert [file for file, _ in traces(folder, *PERSONAL) if not file.startswith("identity.sqlite")] == []
        assert any(file.startswith("identity.sqlite") for file, _ in traces(folder, EMAIL))
        erased(shop, who, guest_order)
        shop.wait_until(lambda: not traces(folder, *PERSONAL, *known), 30, lambda: traces(folder, *PERSONAL, *known))
        assert shop.dead() == 2
        orders = shop.stored("ordering", "ORDER#")
        assert len(orders) == 6
        assert all(order["amount"] and order["history"] for order in orders)
        assert {mail["to"] for mail in shop.items("/mailbox")} == {None}
        shop.request("POST", "/_host/dead-letters/redrive?all=true")  # now it can write: but to nobody
        shop.wait_until_settled()
        assert {mail["to"] for mail in shop.items("/mailbox")} == {None}
    finally:
        shop.close()
    assert traces(folder, *PERSONAL, *known) == []


def dying(folder: Path, who: dict[str, str]) -> None:
    shop = RunningShop(folder, module=MUTE)
    shop.start()
    try:
        buy(shop, who, EMAIL, quantity=2)
        buy(shop, who, EMAIL, quantity=3)
        shop.wait_until(lambda: shop.dead() == 2, 90)
    finally:
        shop.close()


def erased(shop: RunningShop, who: dict[str, str], guest_order: str) -> None:
    """By themselves, and the guest by staff."""
    shop.request("DELETE", "/me", {"confirm": "ERASE"}, headers=who)
    assert shop.http.get(f"{shop.url}/me", headers=who).status_code in (401, 410)
    shop.request("POST", "/erasures", {"orderId": guest_order, "confirm": "ERASE"})
    shop.wait_until_settled()


def test_killed_right_after_the_answer_nothing_comes_back(tmp_path: Path) -> None:
    shop = RunningShop(tmp_path / "data", arguments=("--empty",))
    shop.start()
    try:
        who = shop.token("zebulon")
        shop.request("PUT", "/me", PROFILE | {"revision": 0}, headers=who)
        (key,) = keys(shop)
        shop.request("DELETE", "/me", {"confirm": "ERASE"}, headers=who)
        shop.kill()
        shop.start()
        assert traces(tmp_path, key, *PERSONAL) == []
        assert shop.http.get(f"{shop.url}/me", headers=who).status_code == 410
        shop.wait_until(lambda: bool(shop.events("CustomerErased")))
    finally:
        shop.close()
