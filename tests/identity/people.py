"""Short forms: customers who say who they are."""

from typing import Any, Final

from cartwheel.kernel.store import Key
from tests.support.shop import Answer, Shop

ADA, BOB = "customer:ada", "customer:bob"
HOME: Final[dict[str, Any]] = {
    "name": "Ada Lovelace",
    "line1": "12 St James's Square",
    "postalCode": "SW1Y 4JH",
    "city": "London",
    "country": "GB",
}
TRACES: Final = ("lovelace", "st james", "london", "sw1y 4jh", "ada@example.com", "5550100")  # too long for chance


def told(shop: Shop, who: str = ADA) -> Any:
    answer = shop.request("GET", "/me", token=who)
    assert answer.status == 200, answer
    return answer.json


def book(shop: Shop, who: str = ADA) -> list[dict[str, Any]]:
    answer = shop.request("GET", "/me/addresses", token=who)
    assert answer.status == 200, answer
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def put(shop: Shop, who: str = ADA, revision: int | None = None, **body: Any) -> Answer:
    known = told(shop, who)["revision"] if revision is None else revision
    return shop.request("PUT", "/me", {"revision": known, **body}, token=who)


def add(shop: Shop, who: str = ADA, **more: Any) -> str:
    answer = shop.request("POST", "/me/addresses", HOME | more, token=who)
    assert answer.status == 201, answer
    return str(answer.json["addressId"])


def settle_in(shop: Shop) -> None:
    """Ada, with all that there is of her."""
    assert put(shop, name="Ada Lovelace", phone="+44 20 5550100", marketingConsent=True).status == 200
    add(shop, defaultShipping=True)


def stored(shop: Shop, table: str, key: str) -> dict[str, Any]:
    item = shop.store.get(table, Key(key, key))
    assert item is not None
    return item


def everything(shop: Shop) -> str:
    """All that is in any table, archive, queue or dead letter, as text."""
    return "\n".join(shop._connection.iterdump()).lower()


def traces(shop: Shop) -> list[str]:
    content = everything(shop)
    return [trace for trace in TRACES if trace.lower() in content]
