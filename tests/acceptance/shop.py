"""What people do in the shop, by HTTP alone, on whichever host."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import httpx

from cartwheel.kernel.ids import new_id

from .hosts import Headers, Host

GUEST: Final[Headers] = {}
PRICE: Final = 12.5
GOODS: Final = ("bought", "declined", "scarce", "cancelled", "unpaid", "handled", "traced", "twice-bus", "twice-queue")


@dataclass
class Shop:
    """A host with goods in it. `mark` tells this run from all others, also in a shop that is long in use."""

    host: Host
    mark: str = field(default_factory=lambda: new_id()[-8:])

    @cached_property
    def staff(self) -> Headers:
        return self.host.token("staff")

    @cached_property
    def customer(self) -> Headers:
        return self.host.token("customer")

    def open(self) -> None:
        """Put goods on sale: ten pieces of each; returns when baskets take them."""
        variants = [{"sku": self.sku(name), "regularPrice": PRICE, "attributes": {"Kind": name}} for name in GOODS]
        kinds = [{"name": "Kind", "values": list(GOODS)}]
        body = {"name": f"Goods {self.mark}", "attributes": kinds, "variants": variants}
        self.ask("POST", "/products", body, self.staff, 201)
        for name in GOODS:
            self.count(self.sku(name), 10)
        self.until(lambda: self.is_sold(self.sku(GOODS[0])))

    def ask(
        self, method: str, path: str, document: Any = None, who: Headers = GUEST, status: int = 200, **request: Any
    ) -> httpx.Response:
        """The answer, which has to have the status."""
        headers = who | request.pop("headers", {})
        answer = self.host.http.request(method, path, json=document, headers=headers, **request)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def get(self, path: str, who: Headers = GUEST) -> Any:
        return self.ask("GET", path, who=who).json()

    def until(self, look: Callable[[], Any], seconds: float | None = None, run: str = "") -> Any:
        """What `look` finds, as soon as it finds something. `run` is the schedule that brings it about."""
        end = time.monotonic() + (seconds or self.host.patience)
        while not (found := look()):
            assert time.monotonic() < end, f"waited too long; {look.__qualname__} still finds {found!r}"
            time.sleep(0.3)
            if run:
                self.host.run(run)
        return found

    def refusal(self, method: str, path: str, document: Any = None, who: Headers = GUEST, *, status: int) -> Any:
        """The problem document that a request is answered with."""
        answer = self.ask(method, path, document, who, status)
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert (problem["status"], problem["type"].startswith("https://")) == (status, True)
        return problem

    def sku(self, name: str) -> str:
        return f"{name}-{self.mark}"

    def is_sold(self, sku: str) -> bool:
        """Whether baskets know the SKU."""
        basket = self.ask("POST", "/baskets", status=201).json()["basketId"]
        answer = self.host.http.put(f"/baskets/{basket}/lines/{sku}", json={"quantity": 1})
        assert answer.status_code in (200, 404), answer.text
        return answer.status_code == 200

    def count(self, sku: str, pieces: int) -> None:
        self.ask("PUT", f"/stock/{sku}", {"quantity": pieces}, self.staff)

    def stock(self, sku: str) -> tuple[int, int]:
        """Available and reserved pieces."""
        stock = self.get(f"/stock/{sku}", self.staff)
        return stock["available"], stock["reserved"]

    def buy(self, sku: str, quantity: int = 1, who: Headers = GUEST, **wish: Any) -> str:
        """Basket, line, checkout; the order's id."""
        basket = f"/baskets/{self.ask('POST', '/baskets', who=who, status=201).json()['basketId']}"
        self.ask("PUT", f"{basket}/lines/{sku}", {"quantity": quantity}, who)
        return str(self.ask("POST", f"{basket}/checkout", wish, who, 202).json()["orderId"])

    def order(self, amount: float = 99.99, who: Headers = GUEST, **wish: Any) -> str:
        """An order by amount; its id."""
        accepted = self.ask("POST", "/orders", {"amount": amount, "currency": "EUR", **wish}, who, 202)
        return str(accepted.json()["orderId"])

    def settled(self, order_id: str, who: Headers = GUEST, seconds: float | None = None) -> Any:
        """The order, once it is confirmed or cancelled."""
        return self.becomes(order_id, "CONFIRMED", "CANCELLED", who=who, seconds=seconds)

    def becomes(
        self, order_id: str, *statuses: str, who: Headers = GUEST, seconds: float | None = None, run: str = ""
    ) -> Any:
        def look() -> Any:
            order = self.get(f"/orders/{order_id}", who)
            return order if order["status"] in statuses else None

        return self.until(look, seconds, run)

    def is_told(self, order_id: str, *kinds: str, run: str = "") -> None:
        """Returns when exactly these mails about the order are written."""
        self.until(lambda: sorted(self.mails(order_id)) == list(kinds), run=run)

    def mails(self, order_id: str) -> list[str]:
        """The kinds of mail about an order, of the newest hundred."""
        mails = self.get("/mailbox?limit=100", self.staff)["items"]
        return [mail["kind"] for mail in mails if mail["orderId"] == order_id]

    def payment(self, order_id: str) -> str:
        return str(self.get(f"/payments/{order_id}", self.staff)["state"])
