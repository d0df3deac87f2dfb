"""Every door of the shop, and what to knock with: for each route a request that is taken from whoever is let in.

Things are made anew when somebody was let in, since a door may well use them up; one that stays shut does not.
"""

import base64
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import httpx

from cartwheel.kernel.ids import new_id

Headers = dict[str, str]
Request = dict[str, Any]
TABLES: Final = Path(__file__).parents[2] / "docs/authorisation.md"
WHO: Final = ("no token", "a bad token", "a customer", "its owner", "staff", "admin")
HOME: Final = {"name": "Ada", "line1": "1 Row", "city": "London", "country": "GB"}
ERASE: Final = {"confirm": "ERASE"}
CSV: Final = "Type,SKU,Name,Published,Regular price\nsimple,{0},{0},1,5\n"

# Let in, and then refused for a reason of its own.
IN_VAIN: Final = {
    "PUT /me": 409,  # at a revision that there is not
    "DELETE /me": 422,  # without the word that it takes
    "POST /orders/{order_id}/fulfil": 409,
    "POST /orders/{order_id}/refund": 409,
    "POST /_host/dead-letters/redrive": 404,
}


@dataclass(frozen=True)
class Row:
    """A line of a table: the route, what is special about it, and by caller what is answered."""

    route: str
    special: str
    answers: dict[str, str]


def table(name: str) -> list[Row]:
    """A table of the documentation."""
    text = TABLES.read_text().split(f"<!-- table: {name} -->\n")[1].split("\n\n")[0]
    head, _, *lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    assert tuple(head[1:]) == WHO
    return [_row(*line) for line in lines]


def _row(route: str, *answers: str) -> Row:
    _, key, special = route.split("`", 2)
    return Row(key, special.strip(), dict(zip(WHO, answers, strict=True)))


@dataclass
class Doors:
    """A shop, and the header of each kind of caller; `bad` are tokens that let nobody in."""

    http: httpx.Client
    callers: dict[str, Headers]
    bad: list[Headers]
    owner: Headers = field(init=False)
    patience: float = 30

    def __post_init__(self) -> None:
        self.owner = self.callers["its owner"]
        self.admin = self.callers["admin"]

    def ask(self, method: str, path: str, body: Any = None, who: Headers | None = None) -> Any:
        """What must be taken: the answer's document."""
        answer = self.http.request(method, path, json=body, headers=who or {})
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def faults(self, rows: list[Row], of_a_guest: bool = False) -> Iterator[str]:
        """Where the shop answers something else than the table says."""
        for row in rows:
            request: Request | None = None
            for who, expected in row.answers.items():
                for headers in self.bad if who == "a bad token" else [self.callers[who]]:
                    request = request or self.request(row, {} if of_a_guest else self.owner)
                    found = self.knock(row, request, headers)
                    outcome = _outcome(row.route, found)
                    if outcome != expected:
                        yield f"{row.route} {row.special}: {who} is answered {found.status_code}, not {expected}"
                    if outcome == "yes" and not row.route.startswith("GET "):
                        request = None

    def request(self, row: Row, owner: Headers) -> Request:
        """What to knock with."""
        make = MAKERS.get(f"{row.route} {row.special}".strip()) or MAKERS.get(row.route)
        return {"path": row.route.partition(" ")[2], **(make(self, owner) if make else {})}

    def knock(self, row: Row, request: Request, headers: Headers) -> httpx.Response:
        sent = request | {"headers": headers | request.get("headers", {})}
        return self.http.request(row.route.partition(" ")[0], sent.pop("path"), **sent)

    # What doors lead to.

    @cached_property
    def sku(self) -> str:
        """Of a thing that is on sale, and that there is enough of."""
        sku = f"door-{new_id()[-8:]}"
        self.product(sku)
        self.ask("PUT", f"/stock/{sku}", {"quantity": 1000}, self.admin)
        line, one = f"/baskets/{self.ask('POST', '/baskets', who=self.admin)['basketId']}/lines/{sku}", {"quantity": 1}
        self.until(lambda: self.http.put(line, json=one, headers=self.admin).is_success)
        return sku

    def product(self, sku: str = "", published: bool = True) -> str:
        """Its id."""
        body = {"name": "Door", "variants": [{"sku": sku or new_id(), "regularPrice": 5}], "published": published}
        return str(self.ask("POST", "/products", body, self.admin)["productId"])

    def basket(self, owner: Headers) -> str:
        """The path of a basket with a line."""
        path = f"/baskets/{self.ask('POST', '/baskets', who=owner)['basketId']}"
        self.ask("PUT", f"{path}/lines/{self.sku}", {"quantity": 1}, owner)
        return path

    def order(self, owner: Headers) -> str:
        """Its id."""
        return str(self.ask("POST", "/orders", {"amount": 5, "currency": "EUR"}, owner)["orderId"])

    @cached_property
    def paid(self) -> str:
        """The id of an order that has a payment."""
        order_id = self.order(self.owner)
        self.until(lambda: self.http.get(f"/payments/{order_id}", headers=self.admin).is_success)
        return order_id

    def told(self, what: str) -> str:
        """The path of an order's timeline or trace."""
        path = f"/orders/{self.paid}/{what}"
        self.until(lambda: self.http.get(path, headers=self.admin).is_success)
        return path

    @cached_property
    def run(self) -> str:
        """The path of a reconciliation."""
        return f"/reconciliations/{self.ask('POST', '/reconciliations', {}, self.admin)['runId']}"

    def copy(self, projection: str) -> str:
        """The path of a copy of a projection."""
        copies = f"/projections/{projection}/copies"
        return f"{copies}/{self.ask('POST', copies, {'whole': True}, self.admin)['copyId']}"

    @cached_property
    def imported(self) -> str:
        """The id of an import."""
        headers = self.admin | {"content-type": "text/csv"}
        return str(self.http.post("/products/import", content=CSV.format(new_id()), headers=headers).json()["importId"])

    def address(self) -> str:
        """The path of an address of the owner, the only one that they have."""
        for old in self.ask("GET", "/me/addresses", who=self.owner)["items"]:
            self.ask("DELETE", f"/me/addresses/{old['addressId']}", who=self.owner)
        return f"/me/addresses/{self.ask('POST', '/me/addresses', HOME, self.owner)['addressId']}"

    def revision(self) -> int:
        return int(self.ask("GET", "/me/addresses", who=self.owner)["revision"])

    def until(self, look: Callable[[], bool]) -> None:
        end = time.monotonic() + self.patience
        while not look():
            assert time.monotonic() < end, "waited too long"
            time.sleep(0.05)


def _outcome(route: str, answer: httpx.Response) -> str:
    let_in = answer.is_success or answer.is_redirect or answer.status_code == IN_VAIN.get(route)
    return "yes" if let_in else str(answer.status_code)


Make = Callable[[Doors, Headers], Request]


def _stock(doors: Doors, _: Headers) -> Request:
    return {"path": f"/stock/{doors.sku}"}


def _line(doors: Doors, owner: Headers) -> Request:
    return {"path": f"{doors.basket(owner)}/lines/{doors.sku}"}


def _order(step: str = "") -> Make:
    return lambda doors, owner: {"path": f"/orders/{doors.order(owner)}{step}"}


def _basket(step: str = "") -> Make:
    return lambda doors, owner: {"path": f"{doors.basket(owner)}{step}"}


def _product(**more: Any) -> Make:
    return lambda doors, _: {"path": f"/products/{doors.product()}", **more}


def _change(doors: Doors, _: Headers) -> Request:
    product_id, sku = doors.product(), new_id()
    body = {"name": "Gate", "variants": [{"sku": sku, "regularPrice": 6}], "revision": 1}
    return {"path": f"/products/{product_id}", "json": body}


def _new_product(_: Doors, __: Headers) -> Request:
    return {"json": {"name": "Door", "variants": [{"sku": new_id(), "regularPrice": 5}]}}


def _profile(_: Doors, __: Headers) -> Request:
    return {"json": {"name": "Ada", "revision": 10**9}}


def _copy(projection: str, step: str = "", **more: Any) -> Make:
    return lambda doors, _: {"path": f"{doors.copy(projection)}{step}", **more}


def _copies(projection: str) -> dict[str, Make]:
    path = f"/projections/{projection}/copies"
    event = {"id": "1", "source": "any", "type": "any", "time": "2026-11-21T00:00:00Z", "detail": {}}
    nothing = {"prices": "OFFER#none", "mails": "MAIL#none"}[projection]
    return {
        f"POST {path}": lambda _, __: {"json": {"whole": True}},
        f"POST {path}/{{copy_id}}/events": _copy(projection, "/events", json={"events": [event]}),
        f"GET {path}/{{copy_id}}/differences": _copy(projection, "/differences"),
        f"POST {path}/{{copy_id}}/swap": _copy(projection, "/swap", json={"items": [{"pk": nothing, "sk": nothing}]}),
        f"DELETE {path}/{{copy_id}}": _copy(projection),
    }


MAKERS: Final[dict[str, Make]] = {
    "POST /products": _new_product,
    "POST /products/import": lambda _, __: {"content": CSV.format(new_id()), "headers": {"content-type": "text/csv"}},
    "GET /products/import/{import_id}": lambda doors, _: {"path": f"/products/import/{doors.imported}"},
    "GET /products/{product_id}": _product(),
    "GET /products/{product_id} that is not published": lambda doors, _: {
        "path": f"/products/{doors.product(published=False)}"
    },
    "PUT /products/{product_id}": _change,
    "DELETE /products/{product_id}": _product(),
    "GET /availability/{sku}": lambda doors, _: {"path": f"/availability/{doors.sku}"},
    "GET /stock/{sku}": _stock,
    "PUT /stock/{sku}": lambda doors, owner: {**_stock(doors, owner), "json": {"quantity": 1000}},
    "POST /stock/{sku}/adjust": lambda doors, _: {
        "path": f"/stock/{doors.sku}/adjust",
        "json": {"by": 1, "reason": "found"},
    },
    "GET /baskets/{basket_id}": _basket(),
    "DELETE /baskets/{basket_id}": _basket(),
    "PUT /baskets/{basket_id}/lines/{sku}": lambda doors, owner: {**_line(doors, owner), "json": {"quantity": 2}},
    "DELETE /baskets/{basket_id}/lines/{sku}": _line,
    "POST /baskets/{basket_id}/checkout": _basket("/checkout"),
    "POST /baskets/{basket_id}/claim": _basket("/claim"),
    "GET /orders of a `customer`": lambda doors, _: {"path": "/orders", "params": {"customer": subject(doors.owner)}},
    "POST /orders": lambda _, __: {"json": {"amount": 5, "currency": "EUR"}},
    "GET /orders/{order_id}": _order(),
    **{f"POST /orders/{{order_id}}/{step}": _order(f"/{step}") for step in ("claim", "cancel", "fulfil", "refund")},
    "POST /payments/webhooks/{provider}": lambda _, __: {
        "path": "/payments/webhooks/sandbox",
        "json": {"id": "1", "key": "1", "outcome": "authorised"},
    },
    "GET /payments/{order_id}": lambda doors, _: {"path": f"/payments/{doors.paid}"},
    "GET /events": lambda _, __: {"params": {"type": "order_placed"}},
    "GET /orders/{order_id}/timeline": lambda doors, _: {"path": doors.told("timeline")},
    "GET /orders/{order_id}/trace": lambda doors, _: {"path": doors.told("trace")},
    "POST /reconciliations": lambda _, __: {"json": {}},
    "GET /reconciliations/{run_id}": lambda doors, _: {"path": doors.run},
    **_copies("prices"),
    **_copies("mails"),
    "PUT /me": _profile,
    "DELETE /me": lambda _, __: {"json": {"confirm": "no"}},
    "POST /me/addresses": lambda doors, _: {"json": HOME, "headers": _emptied(doors)},
    "PUT /me/addresses/{address_id}": lambda doors, _: {
        "path": doors.address(),
        "json": HOME | {"revision": doors.revision()},
    },
    "DELETE /me/addresses/{address_id}": lambda doors, _: {"path": doors.address()},
    "GET /me/exports/{export_id}": lambda doors, _: {
        "path": f"/me/exports/{doors.ask('POST', '/me/exports', who=doors.owner)['exportId']}"
    },
    "POST /erasures": lambda _, __: {"json": ERASE | {"customerId": new_id()}},
    "POST /_host/dead-letters/redrive": lambda _, __: {"params": {"id": "999999"}},
    "POST /2015-03-31/functions/{name}/invocations": lambda _, __: {
        "path": "/2015-03-31/functions/EventPublisher/invocations",
        "json": {"orderId": "T-1", "customer": "J", "items": [{"id": "p", "quantity": 1}]},
    },
}


def _emptied(doors: Doors) -> Headers:
    doors.address()
    return {}


def subject(header: Headers) -> str:
    """Whom a token names."""
    payload = header["Authorization"].partition(" ")[2].split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(payload + "=="))["sub"])
