"""What people do in a shop, from the first product to the last refund: all routes, each visit a story of its own."""

import asyncio
import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from cartwheel.kernel.router import Router
from tests.support.client import Answer, Client
from tests.support.running import RunningShop

from .witness import Asked, Witness

CSV: Final = "SKU,Type,Name,Regular price,Published,Stock\nimport-{0},simple,Imported {0},{1},1,5\n"
PATIENCE: Final = 60.0

Holds = Callable[[Any], bool]


class World:
    """What all stories share: the shop, its routes, the witness, and what went wrong."""

    def __init__(self, shop: RunningShop) -> None:
        document = shop.get("/openapi.json")
        self.shop, self.staff, self.router, self.witness = shop, shop.staff, Router(document), Witness()
        self.routes = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
        self.visited: set[str] = set()
        self.faults: list[str] = []
        self._secret = json.loads((shop.folder / "secrets.json").read_text())["webhook_secret"].encode()

    def signature(self, body: bytes) -> dict[str, str]:
        """The header of a webhook that the payment provider sends."""
        moment = int(time.time())
        digest = hmac.new(self._secret, f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        return {"X-Signature": f"t={moment},v1={digest}"}


@dataclass
class Story:
    """One person's visit. Whatever it sends carries its mark, and so must whatever it is answered."""

    world: World
    client: Client
    number: int
    _requests: "count[int]" = field(default_factory=count)

    def __post_init__(self) -> None:
        self.mark = f"mark-{self.number:06}"
        self.sku, self.price = f"sku-{self.mark}", 10 + self.number / 100
        self.email = f"{self.mark}@example.com"
        self.staff, self.customer = self.world.staff, self.world.shop.token(f"customer-{self.mark}")
        self.admin = self.world.shop.token("the-admin", "admin")

    async def tell(self) -> None:
        """Make a product and its stock; then everything else, in an order of its own."""
        await self.make_product()
        chapters = [self.browse, self.count_stock, self.order_basket, self.claim_basket, self.order_and_return]
        chapters += [self.cancel_order, self.import_products, self.keep_account, self.be_refused]
        chapters += [self.look_after_the_shop] if self.number % 10 == 0 else []
        random.Random(self.number).shuffle(chapters)
        for chapter in chapters:
            await chapter()
        await self.remove_product()
        await self.be_forgotten()

    async def ask(
        self,
        method: str,
        path: str,
        document: Any = None,
        who: dict[str, str] | None = None,
        *,
        query: str = "",
        statuses: tuple[int, ...] = (200,),
        holds: Holds = lambda _: True,
        shared: bool = False,
        gateway: bool = False,
    ) -> Answer:
        """`gateway`: it refuses the request before any function is asked; for the rest see `Asked`."""
        target, _ = self.world.router.find(method, path)
        correlation = f"story-{self.mark}-{next(self._requests):03}"
        function = None if gateway else target.function
        asked = Asked(self.mark, correlation, method, path, frozenset(statuses), function, holds, shared)
        headers = {"X-Correlation-Id": correlation, **(who or {})}
        answer = await self.client.request(method, path + query, document, headers)
        self.world.visited.add(target.key)
        self.world.faults += self.world.witness.look_at(asked, answer)
        return answer

    async def until(self, reached: Holds, ask: Callable[[], Any]) -> Answer:
        """Ask until the answer is the one that is waited for."""
        end = time.monotonic() + PATIENCE
        while not reached(answer := await ask()):
            assert time.monotonic() < end, answer
            await asyncio.sleep(0.2)
        found: Answer = answer
        return found

    async def make_product(self) -> None:
        body: dict[str, Any] = {
            "name": f"Thing {self.mark}",
            "variants": [{"sku": self.sku, "regularPrice": self.price}],
        }
        made = await self.ask("POST", "/products", body, self.staff, statuses=(201,), holds=_has(name=body["name"]))
        self.product = f"/products/{made.json['productId']}"
        body |= {"name": f"Better thing {self.mark}", "revision": 1}
        await self.ask("PUT", self.product, body, self.staff, holds=_has(name=body["name"], revision=2))
        quantity = 1000 + self.number
        await self.ask(
            "PUT",
            f"/stock/{self.sku}",
            {"quantity": quantity},
            self.staff,
            holds=_has(sku=self.sku, available=quantity),
        )

    async def browse(self) -> None:
        await self.ask("GET", self.product, holds=_has(name=f"Better thing {self.mark}", price=self.price))
        await self.ask("GET", "/products", query=f"?q=better+{self.mark}", holds=lambda it: len(it["items"]) == 1)
        await self.ask("GET", "/categories", query="?limit=7", shared=True, holds=_at_most(7))

    async def count_stock(self) -> None:
        ours = _has(sku=self.sku)
        await self.ask("GET", f"/stock/{self.sku}", who=self.staff, holds=ours)
        await self.ask("GET", f"/availability/{self.sku}", holds=ours)
        change = {"by": self.number, "reason": f"found by {self.mark}"}
        await self.ask("POST", f"/stock/{self.sku}/adjust", change, self.staff, holds=ours)
        await self.ask("GET", "/stock", who=self.staff, query="?limit=5", shared=True, holds=_at_most(5))

    async def _open_basket(self, quantity: int) -> str:
        """A guest's basket with so many of the product, as soon as baskets have heard of it."""
        opened = await self.ask("POST", "/baskets", statuses=(201,), holds=_has(lines=[]))
        basket = f"/baskets/{opened.json['basketId']}"
        line, body = f"{basket}/lines/{self.sku}", {"quantity": quantity}
        await self.until(
            lambda answer: bool(answer.status == 200),
            lambda: self.ask("PUT", line, body, statuses=(200, 404), holds=self._with(quantity)),
        )
        return basket

    def _with(self, quantity: int) -> Holds:
        return lambda basket: [(each["sku"], each["quantity"]) for each in basket["lines"]] == [(self.sku, quantity)]

    async def order_basket(self) -> None:
        basket = await self._open_basket(2)
        await self.ask("GET", basket, holds=self._with(2))
        await self.ask("DELETE", f"{basket}/lines/{self.sku}", holds=_has(lines=[]))
        await self.ask("PUT", f"{basket}/lines/{self.sku}", {"quantity": 3}, holds=self._with(3))
        total = _has(total=round(3 * self.price, 2))
        done = await self.ask("POST", f"{basket}/checkout", {"email": self.email}, statuses=(202,), holds=total)
        await self.ask("GET", f"/orders/{done.json['orderId']}")
        await self.ask("GET", basket, statuses=(404,))

    async def claim_basket(self) -> None:
        guest = await self._open_basket(4)
        opened = await self.ask("POST", "/baskets", who=self.customer, statuses=(201,))
        own = opened.json["basketId"]
        await self.ask("POST", f"{guest}/claim", who=self.customer, holds=_has(basketId=own))
        await self.ask("GET", f"/baskets/{own}", who=self.customer, holds=self._with(4))
        await self.ask("DELETE", f"/baskets/{own}", who=self.customer, statuses=(204,))

    async def _order(self, cents: int, who: dict[str, str] | None) -> str:
        order = {"amount": cents / 100, "currency": "EUR", "email": self.email}
        done = await self.ask("POST", "/orders", order, who, statuses=(202,))
        order_id: str = done.json["orderId"]
        return order_id

    async def order_and_return(self) -> None:
        cents = 100_000 + self.number
        order_id = await self._order(cents, self.customer)
        order, ours = f"/orders/{order_id}", _has(orderId=order_id, amount=cents / 100)
        await self.until(
            lambda answer: bool(answer.json["status"] == "CONFIRMED"),
            lambda: self.ask("GET", order, who=self.customer, holds=ours),
        )
        await self.ask("GET", "/orders", who=self.customer, holds=lambda it: bool(it["items"]))
        await self.ask("GET", f"/payments/{order_id}", who=self.staff, holds=ours)
        timeline = await self.ask("GET", f"{order}/timeline", who=self.staff, holds=_has(orderId=order_id))
        assert timeline.json["entries"][0]["what"] == "POST /orders → 202", timeline
        await self.ask("GET", f"{order}/trace", who=self.staff, holds=_has(orderId=order_id))
        await self._tell_of_payment(order_id)
        await self.ask("POST", f"{order}/fulfil", who=self.staff, holds=ours)
        await self.ask("POST", f"{order}/refund", who=self.staff, holds=ours)
        await self.ask("GET", "/mailbox", who=self.staff, query="?limit=3", shared=True, holds=_at_most(3))
        await self.ask("GET", "/events", who=self.staff, query="?type=x&limit=3", shared=True, holds=_at_most(3))

    async def _tell_of_payment(self, order_id: str) -> None:
        """The payment's provider calls, rather late: it changes nothing."""
        hook = {"id": f"hook-{self.mark}", "key": f"{order_id}:authorise", "outcome": "authorised"}
        body = json.dumps(hook).encode()
        who = {"Content-Type": "application/json", **self.world.signature(body)}
        await self.ask(
            "POST", "/payments/webhooks/sandbox", body, who, holds=_has(id=f"hook-{self.mark}", state="AUTHORISED")
        )

    async def cancel_order(self) -> None:
        order_id = await self._order(200_000 + self.number, who=None)
        await self.ask("POST", f"/orders/{order_id}/claim", who=self.customer, holds=_has(orderId=order_id))
        cancelled = _has(orderId=order_id, status="CANCELLED")
        await self.ask("POST", f"/orders/{order_id}/cancel", who=self.customer, holds=cancelled)

    async def import_products(self) -> None:
        content, who = CSV.format(self.mark, self.price).encode(), {"Content-Type": "text/csv", **self.staff}
        done = await self.ask("POST", "/products/import", content, who, statuses=(202,))
        ours = _has(importId=done.json["importId"])
        report = await self.until(
            lambda answer: bool(answer.json["status"] == "done"),
            lambda: self.ask("GET", f"/products/import/{done.json['importId']}", who=self.staff, holds=ours),
        )
        assert self.mark in report.body.decode(), report

    async def keep_account(self) -> None:
        me, name = self.customer, f"Name {self.mark}"
        read = await self.ask("GET", "/me", who=me)
        await self.ask("PUT", "/me", {"name": name, "revision": read.json["revision"]}, me)
        await self.ask("GET", "/me", who=me, holds=_has(name=name))
        home: dict[str, Any] = {"name": name, "line1": "1 Row", "city": "London", "country": "GB"}
        added = await self.ask("POST", "/me/addresses", home, me, statuses=(201,))
        address = f"/me/addresses/{added.json['addressId']}"
        home |= {"city": "Leeds", "revision": added.json["revision"]}
        await self.ask("PUT", address, home, me)
        await self.ask(
            "GET", "/me/addresses", who=me, holds=lambda it: [each["name"] for each in it["items"]] == [name]
        )
        await self.ask("DELETE", address, who=me, statuses=(204,))
        begun = await self.ask("POST", "/me/exports", who=me, statuses=(202,))
        export = f"/me/exports/{begun.json['exportId']}"
        await self.until(
            lambda answer: bool(answer.json["complete"]), lambda: self.ask("GET", export, who=me, statuses=(200,))
        )

    async def be_forgotten(self) -> None:
        await self.ask("DELETE", "/me", {"confirm": "ERASE"}, self.customer, statuses=(204,))
        guest = {"customerId": f"another-{self.mark}", "confirm": "ERASE"}
        await self.ask("POST", "/erasures", guest, self.staff, statuses=(204,))

    async def look_after_the_shop(self) -> None:
        """What staff do to all of it."""
        begun = await self.ask("POST", "/reconciliations", {}, self.staff, statuses=(202,))
        await self.ask("GET", f"/reconciliations/{begun.json['runId']}", who=self.staff, shared=True)
        await self.ask("GET", "/audit", who=self.admin, query="?limit=3", shared=True, holds=_at_most(3))
        await self.ask("GET", "/audit/head", who=self.admin, shared=True)
        for name, nothing in (("prices", f"OFFER#{self.mark}"), ("mails", f"MAIL#{self.mark}")):
            copies = f"/projections/{name}/copies"
            made = await self.ask("POST", copies, {"whole": False}, self.staff, statuses=(201,))
            copy = f"{copies}/{made.json['copyId']}"
            event = {"id": self.mark, "source": "any", "type": "any", "time": "2026-11-21T00:00:00Z", "detail": {}}
            failed = lambda it: [each["id"] for each in it["failed"]] == [self.mark]  # noqa: E731
            await self.ask("POST", f"{copy}/events", {"events": [event]}, self.staff, holds=failed)
            await self.ask("GET", f"{copy}/differences", who=self.staff, query="?limit=3", shared=True)
            items = {"items": [{"pk": nothing, "sk": nothing}]}
            await self.ask("POST", f"{copy}/swap", items, self.staff, holds=_has(passed=[nothing]))
            await self.ask("DELETE", copy, who=self.staff, statuses=(204,))

    async def be_refused(self) -> None:
        await self.ask("GET", f"/stock/{self.sku}", who=self.customer, statuses=(403,))
        await self.ask("GET", f"/stock/{self.sku}", statuses=(401,), gateway=True)
        await self.ask("GET", f"/availability/no-{self.mark}", statuses=(404,))
        refused = await self.ask("POST", "/orders", {"amount": 1, "currency": self.mark}, statuses=(422,))
        assert self.mark in refused.json["detail"], refused

    async def remove_product(self) -> None:
        await self.ask("DELETE", self.product, who=self.staff, statuses=(204,))
        await self.ask("GET", self.product, statuses=(404,))


def _has(**fields: Any) -> Holds:
    """The document has these fields, with these values."""
    return lambda it: all(it[name] == value for name, value in fields.items())


def _at_most(most: int) -> Holds:
    return lambda it: len(it["items"]) <= most
