"""A shop in which something is wrong: things are damaged behind its back, then it is asked what is wrong."""

import json
import time
from typing import Any

from tests.basket import goods
from tests.support.shop import Shop

Finding = dict[str, Any]


def staff(shop: Shop, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = shop.request(method, path, body, token="staff")
    assert answer.status == status, answer
    return answer.json


def buy(shop: Shop, token: str = "tok_approve", **wish: Any) -> str:
    """An order for one mug, settled."""
    bought = goods.check_out(shop, goods.basket(shop, mug=1), paymentToken=token, **wish)
    shop.drain()
    return str(bought.json["orderId"])


def step(shop: Shop, order_id: str, what: str) -> None:
    """Have staff fulfil, refund or cancel it; the event waits in the outbox."""
    staff(shop, "POST", f"/orders/{order_id}/{what}")


def reconcile(shop: Shop, everything: bool = False) -> Any:
    """A run to its end, and what it says."""
    time.sleep(0.005)  # the grace, and a bit
    run = staff(shop, "POST", "/reconciliations", {"all": everything}, 202)
    shop.drain()
    done = staff(shop, "GET", f"/reconciliations/{run['runId']}")
    assert (done["state"], done["waitsFor"]) == ("done", [])
    return done


def found(shop: Shop, everything: bool = False) -> list[tuple[str, str, str, str, str | None]]:
    """The findings of a run: kind, what about, expected, found, repair."""
    run = reconcile(shop, everything)
    names = ("kind", "about", "expected", "found")
    findings = [(*(each[name] for name in names), each.get("repair")) for each in run["findings"]]
    assert len(findings) == run["found"]
    return sorted(findings, key=str)


def item(shop: Shop, table: str, key: str) -> dict[str, Any]:
    (text,) = shop._connection.execute(f'SELECT item FROM "items_{table}" WHERE pk = ?', (key,)).fetchone()
    stored: dict[str, Any] = json.loads(text)
    return stored


def damage(shop: Shop, table: str, key: str, **changes: Any) -> None:
    """Change attributes of an item, past the shop."""
    changed = json.dumps(item(shop, table, key) | changes)
    shop._connection.execute(f'UPDATE "items_{table}" SET item = ? WHERE pk = ?', (changed, key))
    shop._connection.commit()


def lose(shop: Shop, table: str, key: str) -> None:
    """Delete the items whose key begins so, past the shop."""
    lost = shop._connection.execute(f'DELETE FROM "items_{table}" WHERE pk LIKE ?', (key + "%",))
    assert lost.rowcount
    shop._connection.commit()


def payment(shop: Shop, order_id: str) -> str:
    return str(staff(shop, "GET", f"/payments/{order_id}")["state"])


def stock(shop: Shop) -> tuple[int, int]:
    """Available and reserved mugs."""
    mugs = staff(shop, "GET", "/stock/mug")
    return mugs["available"], mugs["reserved"]


def lose_events(shop: Shop, table: str) -> None:
    """What waits in the outbox is gone."""
    lose(shop, table, "OUTBOX#")
    shop.engine.sweep()
