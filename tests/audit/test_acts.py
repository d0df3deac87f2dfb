"""Every act of staff has one entry, with who, what, before and after; nobody else has any."""

import io
import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest

from cartwheel.app import APP
from cartwheel.kernel import http
from cartwheel.kernel.caller import Caller
from cartwheel.kernel.envelope import Envelope
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.openapi import document
from cartwheel.kernel.router import SCHEME
from cartwheel.kernel.staff import ALL_BYTES, VALUE_BYTES, Act, Change, digest
from tests.basket.goods import basket, check_out, sell
from tests.catalog.files import export, row
from tests.support.rebuilding import Rebuilding
from tests.support.rebuilding import told as told_of
from tests.support.shop import Shop

from .trail import entries, told

PATHS: Final = document(APP)["paths"]
TEA: Final = {"name": "Tea", "variants": [{"sku": "tea", "regularPrice": 2.5}]}

Made = tuple[str, Any]  # path and body of a request that will be taken


def role(operation: dict[str, Any]) -> str:
    return next((each for needed in operation.get("security", []) for each in needed[SCHEME]), "open")


STAFF_ROUTES: Final = sorted(
    f"{method.upper()} {path}"
    for path, operations in PATHS.items()
    for method, operation in operations.items()
    if method != "get" and role(operation) in ("staff", "admin")
)
PERSONAL: Final = sorted(
    f"GET {path}" for path, operations in PATHS.items() if operations.get("get", {}).get(http.PERSONAL)
)


def product(shop: Shop) -> str:
    answer = shop.request("POST", "/products", TEA, token="staff:founder")
    assert answer.status == 201, answer
    return str(answer.json["productId"])


def confirmed(shop: Shop) -> str:
    sell(shop, tea=250)
    shop.request("PUT", "/stock/tea", {"quantity": 5}, token="staff:founder")
    order_id = str(check_out(shop, basket(shop, None, tea=1), email="ada@example.com").json["orderId"])
    shop.drain()
    return order_id


def fulfilled(shop: Shop) -> str:
    order_id = confirmed(shop)
    assert shop.request("POST", f"/orders/{order_id}/fulfil", token="staff:founder").status == 200
    return order_id


def counted(shop: Shop) -> str:
    shop.request("PUT", "/stock/tea", {"quantity": 5}, token="staff:founder")
    return "tea"


def copy(name: str, shop: Shop) -> Rebuilding:
    return Rebuilding(shop, name)


def begin_copy(name: str, _: Shop) -> Made:
    return f"/projections/{name}/copies", {"whole": True}


def apply_events(name: str, shop: Shop) -> Made:
    confirmed(shop)
    product(shop)
    shop.drain()
    begun = copy(name, shop)
    made_of = {each["type"] for each in begun.begun["events"]}
    events = [told_of(Envelope.parse(each)) for each in shop.envelopes() if each["detail-type"] in made_of]
    return f"{begun.path}/events", {"events": events}


def swap(name: str, shop: Shop) -> Made:
    """Nothing is applied, so all that is live is too much."""
    confirmed(shop)
    begun = copy(name, shop)
    items = [{key: each[key] for key in ("pk", "sk", "live", "rebuilt")} for each in begun.differences()]
    return f"{begun.path}/swap", {"items": items}


REQUESTS: Final[dict[str, Callable[[Shop], Made]]] = {
    "POST /products": lambda _: ("/products", TEA),
    "PUT /products/{product_id}": lambda shop: (f"/products/{product(shop)}", TEA | {"name": "Mate", "revision": 1}),
    "DELETE /products/{product_id}": lambda shop: (f"/products/{product(shop)}", None),
    "POST /products/import": lambda _: ("/products/import", export(row(SKU="mug"))),
    "PUT /stock/{sku}": lambda _: ("/stock/tea", {"quantity": 5}),
    "POST /stock/{sku}/adjust": lambda shop: (f"/stock/{counted(shop)}/adjust", {"by": -2, "reason": "broken"}),
    "POST /orders/{order_id}/fulfil": lambda shop: (f"/orders/{confirmed(shop)}/fulfil", None),
    "POST /orders/{order_id}/refund": lambda shop: (f"/orders/{fulfilled(shop)}/refund", None),
    "POST /erasures": lambda _: ("/erasures", {"customerId": "ada", "confirm": "ERASE"}),
    "POST /reconciliations": lambda _: ("/reconciliations", {}),
    **{
        f"{method} /projections/{name}/copies{rest}": partial(ask, name)
        for name in ("mails", "prices")
        for method, rest, ask in (
            ("POST", "", begin_copy),
            ("POST", "/{copy_id}/events", apply_events),
            ("POST", "/{copy_id}/swap", swap),
            ("DELETE", "/{copy_id}", lambda name, shop: (copy(name, shop).path, None)),
        )
    },
}
IN_TRANSACTIONS_OF_ITS_OWN: Final = (
    "POST /projections/mails/copies/{copy_id}/events",
    "POST /projections/prices/copies/{copy_id}/events",
)


def ask(shop: Shop, method: str, path: str, body: Any, group: str = "staff", **headers: str) -> Any:
    token = f"{group}:eve"
    if isinstance(body, str):
        return shop.request(method, path, body=body, token=token, headers=headers | {"content-type": "text/csv"})
    return shop.request(method, path, body, token=token, headers=headers)


@pytest.mark.parametrize("route", STAFF_ROUTES)
def test_a_staff_route_leaves_one_entry(shop: Shop, route: str) -> None:
    assert route in REQUESTS, f"{route} is a new route of staff: say here how to ask it"
    path, body = REQUESTS[route](shop)
    method, _, template = route.partition(" ")
    group = role(PATHS[template][method.lower()])
    done = ask(shop, method, path, body, group, **{"idempotency-key": "k"})
    assert done.status < 300, done
    assert ask(shop, method, path, body, group, **{"idempotency-key": "k"}).headers["Idempotency-Replayed"] == "true"
    (entry,) = entries(shop, "&who=eve")
    assert (entry["who"], entry["groups"], entry["route"]) == ("eve", [group], route)
    assert entry["changes"] or route in IN_TRANSACTIONS_OF_ITS_OWN, "an act that changed nothing"
    for change in entry["changes"]:
        assert change.get("before") or change.get("after")
        assert change.get("before") != change.get("after")


def test_every_entry_says_what_was_there_before(shop: Shop) -> None:
    path = f"/products/{product(shop)}"
    ask(shop, "PUT", path, TEA | {"name": "Mate", "revision": 1})
    (entry,) = entries(shop, "&who=eve")
    (_, before, after), _ = told(entry, "catalog")
    assert before.pop("changedAt") < after.pop("changedAt")
    assert (before, after) == (
        {"content": {"name": "Tea"}, "revision": 1},
        {"content": {"name": "Mate"}, "revision": 2},
    )


def test_a_counter_tells_what_was_added(shop: Shop) -> None:
    counted(shop)
    ask(shop, "POST", "/stock/tea/adjust", {"by": -2, "reason": "broken"})
    ((_, before, after),) = told(entries(shop, "&who=eve")[0], "inventory")
    assert (before["available"], after["available"]) == (5, {"added": -2})


def test_what_is_new_or_gone_is_told_whole(shop: Shop) -> None:
    path = f"/products/{product(shop)}"
    (made,) = entries(shop)
    assert {before for _, before, _ in told(made, "catalog")} == {None}
    ask(shop, "DELETE", path, None)
    (removed,) = entries(shop, "&who=eve")
    gone = [
        (before, after)
        for _, before, after in told(removed, "catalog")
        if before.get("content", {}).get("name") == "Tea"
    ]
    assert [after for _, after in gone] == [None]


def test_staff_who_act_for_a_customer_are_told(shop: Shop) -> None:
    order_id = confirmed(shop)
    assert ask(shop, "POST", f"/orders/{order_id}/cancel", None).status == 200
    (entry,) = entries(shop, "&who=eve")
    assert (entry["route"], entry["parameters"]) == ("POST /orders/{order_id}/cancel", {"order_id": order_id})
    ((_, before, after),) = told(entry, "ordering")
    assert (before["status"], after["status"]) == ("CONFIRMED", "CANCELLED")


def test_customers_and_guests_leave_none(shop: Shop) -> None:
    sell(shop, tea=250)
    before = len(entries(shop))
    for token in (None, "customer:ada"):
        assert check_out(shop, basket(shop, token, tea=1), token=token).status == 202
    assert shop.request("GET", "/orders", token="customer:ada").status == 200
    assert len(entries(shop)) == before


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/stock/tea", {"quantity": -1}, 422),
        ("POST", "/stock/mate/adjust", {"by": 1, "reason": "found"}, 404),
        ("PUT", "/products/{}", TEA | {"revision": 7}, 409),
    ],
)
def test_what_was_refused_is_no_act(
    shop: Shop, log: io.StringIO, method: str, path: str, body: Any, status: int
) -> None:
    assert ask(shop, method, path.format(product(shop)), body).status == status
    last = json.loads(log.getvalue().splitlines()[-1])
    assert (last["by"], last["role"], last["status"]) == ("eve", "staff", status)
    assert entries(shop, "&who=eve") == []


def test_a_customer_who_is_refused_leaves_none(shop: Shop) -> None:
    assert shop.request("PUT", "/stock/tea", {"quantity": 1}, token="customer:ada").status == 403
    assert entries(shop) == []


@pytest.mark.parametrize("route", PERSONAL)
def test_reading_what_is_personal_is_told(shop: Shop, route: str) -> None:
    query = "?customer=ada" if route == "GET /orders" else ""
    assert shop.request("GET", route.removeprefix("GET ") + query, token="staff:eve").status == 200
    assert shop.request("GET", f"{route.removeprefix('GET ')}?limit=0", token="staff:eve").status == 422
    (entry,) = entries(shop, "&who=eve")
    assert (entry["route"], entry["changes"]) == (route, [])
    assert entry["parameters"] == ({"customer": "ada"} if query else {})


def test_staff_open_nothing_sealed_without_being_told_of() -> None:
    opening = {part.api.name for part in APP.slices if part.api and "open" in part.api.access}
    untold = {
        f"GET {path}"
        for path, operations in PATHS.items()
        for method, operation in operations.items()
        if method == "get" and role(operation) in ("staff", "admin") and operation["x-cartwheel-function"] in opening
    } - set(PERSONAL)
    assert untold == {"GET /projections/mails/copies/{copy_id}/differences"}  # which opens nothing


def test_who_tells_has_a_relay() -> None:
    """On AWS only the slices that emit something have one."""
    tells = {
        operation["tags"][0]
        for path, operations in PATHS.items()
        for method, operation in operations.items()
        if (method != "get" and role(operation) != "open") or operation.get(http.PERSONAL)
    }
    assert tells <= {part.name for part in APP.slices if part.emits and part.table.outbox}


def test_nothing_personal_and_no_secret_is_told(shop: Shop) -> None:
    shop.request(
        "POST", "/orders", {"amount": 5, "currency": "EUR", "paymentToken": "tok_secret", "email": "ada@example.com"},
        token="staff:eve",
    )  # fmt: skip
    shop.request("PUT", "/me", {"revision": 0, "name": "Ada Lovelace"}, token="staff:eve")
    shop.request("POST", "/erasures", {"customerId": "ada", "confirm": "ERASE"}, token="staff:eve")
    found = entries(shop, "&who=eve")
    assert len(found) == 3
    text = json.dumps(found)
    for hidden in ("tok_secret", "ada@example.com", "Lovelace"):
        assert hidden not in text
    for entry in found:
        assert {(before, json.dumps(after)) for _, before, after in told(entry, "vault")} <= {
            (None, '{"withheld": true}')
        }
    assert "sealed:v1:" in text


def test_what_is_long_is_told_by_its_hash(shop: Shop) -> None:
    variants = [{"sku": f"tea-{number}", "regularPrice": 2.5} for number in range(40)]
    assert ask(shop, "POST", "/products", TEA | {"description": "é" * VALUE_BYTES, "variants": variants}).status == 201
    (entry,) = entries(shop, "&who=eve")
    content = next(after["content"] for _, _, after in told(entry, "catalog") if "content" in after)
    assert content["description"].keys() == {"bytes", "sha256"}
    assert content["description"]["bytes"] == 2 * VALUE_BYTES + 2
    assert len(json.dumps(entry)) < ALL_BYTES + 4096


def test_changes_that_are_too_many_are_told_by_their_hashes() -> None:
    changes = [Change(table="things", key=f"THING#{each}", action="put", after="x" * 1000) for each in range(100)]
    told = Act(Caller("eve"), "PUT /things", {}, new_id()).told(changes).changes
    assert [change.key for change in told] == [change.key for change in changes]
    assert [change.after == "x" * 1000 for change in told] == [True] * 22 + [False] * 78
    assert json.loads(str(told[-1].after)) == {"bytes": 1000, "sha256": digest("x" * 1000)}
