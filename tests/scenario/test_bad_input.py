"""Bad input gets a problem that names the field and the reason, on every route; it never gets further."""

from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from cartwheel.app import APP
from cartwheel.kernel.openapi import MUTATING, document
from tests.support.running import RunningShop, running_shop

pytestmark = pytest.mark.slow

ID: Final = "019a9c00-0000-7000-8000-000000000000"  # of nothing
NAMES: Final = {
    "product_id": ID,
    "import_id": ID,
    "sku": "bell-brass",
    "basket_id": ID,
    "order_id": ID,
} | dict.fromkeys(("copy_id", "run_id", "address_id", "export_id"), ID)
NEEDED: Final = {"/events": "?type=order_placed"}  # the queries without which a route does not answer
PATHS: Final[dict[str, dict[str, Any]]] = document(APP)["paths"]
JSON: Final = "application/json"
MIB: Final = 1024 * 1024

ROUTES: Final = [(method, path) for path, operations in PATHS.items() for method in operations]
COMMANDS: Final = [(method, path) for method, path in ROUTES if method in MUTATING]
WITH_JSON: Final = [
    (method, path) for method, path in COMMANDS if JSON in PATHS[path][method].get("requestBody", {}).get("content", {})
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    with running_shop(tmp_path_factory.mktemp("bad-input")) as shop:
        yield shop


def _send(shop: RunningShop, method: str, path: str, **request: Any) -> httpx.Response:
    headers = shop.staff | request.pop("headers", {})
    return shop.http.request(method, shop.url + path.format(**NAMES, provider="sandbox"), headers=headers, **request)


def _problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["type"].startswith("https://")
    assert problem["title"]
    assert problem["detail"]
    assert "Traceback" not in answer.text
    return problem


@pytest.mark.parametrize(("method", "path"), WITH_JSON)
@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(b"{", 400, id="broken"),
        pytest.param(b'{"quantity": NaN}', 400, id="nan"),
        pytest.param(b'{"amount": 1e999999999}', 422, id="endless"),
        pytest.param(b"[" * 100_000, 400, id="deep"),
        pytest.param(b'{"name": "\xff"}', 400, id="not-utf-8"),
        pytest.param(b"[]", 422, id="list"),
        pytest.param(b'"text"', 422, id="text"),
        pytest.param(b"5", 422, id="number"),
        pytest.param(b'{"nonsense": 1}', 422, id="unknown-field"),
    ],
)
def test_a_body_that_is_not_what_the_route_takes(
    shop: RunningShop, method: str, path: str, content: bytes, status: int
) -> None:
    problem = _problem(_send(shop, method, path, content=content, headers={"Content-Type": JSON}), status)
    for error in problem["errors"]:
        assert error["field"].startswith("body")
        assert error["reason"]


@pytest.mark.parametrize(("method", "path"), WITH_JSON)
def test_a_content_type_that_the_route_does_not_take(shop: RunningShop, method: str, path: str) -> None:
    _problem(_send(shop, method, path, content=b"<a/>", headers={"Content-Type": "application/xml"}), 415)


@pytest.mark.parametrize(("method", "path"), COMMANDS)
def test_a_body_of_7_mib(shop: RunningShop, method: str, path: str) -> None:
    _problem(_send(shop, method, path, content=b" " * 7 * MIB, headers={"Content-Type": JSON}), 413)


@pytest.mark.parametrize(("method", "path"), COMMANDS)
@pytest.mark.parametrize("key", ["", "with space", "x" * 256], ids=["empty", "space", "long"])
def test_an_idempotency_key_that_is_none(shop: RunningShop, method: str, path: str, key: str) -> None:
    """Unless the request is refused before for what it asks: then it does not matter."""
    answer = _send(shop, method, path, headers={"Idempotency-Key": key})
    _problem(answer, answer.status_code)
    assert answer.status_code in (404, 415, 422)


PRODUCT: Final[dict[str, Any]] = {"name": "Thing", "variants": [{"sku": "thing", "regularPrice": 5}]}
ORDER: Final[dict[str, Any]] = {"amount": 9.99, "currency": "EUR"}
LINE: Final = "/baskets/{basket_id}/lines/{sku}"
CHECKOUT: Final = "/baskets/{basket_id}/checkout"
STOCK: Final = "/stock/{sku}"
ADJUST: Final = "/stock/{sku}/adjust"
WEBHOOK: Final = "/payments/webhooks/{provider}"


def _variant(**changes: Any) -> dict[str, Any]:
    return PRODUCT | {"variants": [PRODUCT["variants"][0] | changes]}


FIELDS: Final[list[tuple[str, str, Any, str]]] = [
    *[("POST", "/orders", ORDER | {"amount": bad}, "body.amount") for bad in (-1, 0, 9.999, 1e10, True, "9.99", None)],
    *[("POST", "/orders", ORDER | {"currency": bad}, "body.currency") for bad in ("EURO", "eur", "XXX", 978, None)],
    *[("POST", "/orders", {"amount": bad, "currency": "JPY"}, "body.amount") for bad in (0.5, 9.9)],
    *[
        ("POST", "/orders", ORDER | {"email": bad}, "body.email")
        for bad in ("nobody", "a b@c.de", "a@b\r\nBcc: c@d", 5)
    ],
    ("POST", "/orders", ORDER | {"paymentToken": ""}, "body.paymentToken"),
    ("POST", "/orders", ORDER | {"orderId": ID}, "body.orderId"),
    ("POST", "/orders", {"amount": 9.99}, "body.currency"),
    *[("PUT", LINE, {"quantity": bad}, "body.quantity") for bad in (0, -1, 1.5, 1000, "1", True, None)],
    ("PUT", LINE, {"quantity": 1, "unitPrice": 0.01}, "body.unitPrice"),
    *[("POST", CHECKOUT, {"expectedTotal": bad}, "body.expectedTotal") for bad in (-1, 9.999, "9.99", 1e10)],
    ("POST", CHECKOUT, {"acceptPriceChanges": "yes"}, "body.acceptPriceChanges"),
    ("POST", CHECKOUT, {"email": "nobody"}, "body.email"),
    ("POST", CHECKOUT, {"total": 1}, "body.total"),
    *[("PUT", STOCK, {"quantity": bad}, "body.quantity") for bad in (-1, 1.5, 10**12, "5", True, None)],
    ("PUT", STOCK, {"quantity": 1, "lowMark": -1}, "body.lowMark"),
    *[("POST", ADJUST, {"by": bad, "reason": "counted"}, "body.by") for bad in (1.5, "5", 10**12, None)],
    ("POST", ADJUST, {"by": 1, "reason": ""}, "body.reason"),
    ("POST", "/products", PRODUCT | {"name": "  "}, "body.name"),
    ("POST", "/products", PRODUCT | {"name": "x" * 201}, "body.name"),
    ("POST", "/products", PRODUCT | {"variants": []}, "body.variants"),
    ("POST", "/products", PRODUCT | {"variants": PRODUCT["variants"] * 2}, "body.variants"),
    ("POST", "/products", PRODUCT | {"pictures": ["javascript:alert(1)"]}, "body.pictures.0"),
    *[
        ("POST", "/products", _variant(regularPrice=bad), "body.variants.0.regularPrice")
        for bad in (-1, 9.999, 1e10, "5", None)
    ],
    ("POST", "/products", _variant(salePrice=6), "body.variants.0.salePrice"),
    ("POST", "/products", _variant(sku="a/b"), "body.variants.0.sku"),
    ("POST", "/products", _variant(saleFrom="soon"), "body.variants.0.saleFrom"),
    ("PUT", "/products/{product_id}", PRODUCT, "body.revision"),
    ("PUT", "/products/{product_id}", PRODUCT | {"revision": 0}, "body.revision"),
    ("POST", WEBHOOK, {"id": "1", "key": "k", "outcome": "perhaps"}, "body.outcome"),
]


@pytest.mark.parametrize(("method", "path", "body", "field"), FIELDS)
def test_a_field_that_is_wrong(shop: RunningShop, method: str, path: str, body: Any, field: str) -> None:
    problem = _problem(_send(shop, method, path, json=body), 422)
    (error,) = problem["errors"]
    assert error["field"] == field
    assert error["reason"]
    assert field in problem["detail"]


LISTS: Final = ("/products", "/categories", "/stock", "/orders", "/mailbox")


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        *[(path, f"limit={bad}", "query.limit") for path in LISTS for bad in ("0", "-1", "101", "many", "1.5", "")],
        *[
            (path, f"cursor={bad}", "query.cursor")
            for path in LISTS
            for bad in ("x", "W10", "%00", "%F0%9F%8E%81", "bnVsbA")
        ],
        ("/products", "sort=luck", "query.sort"),
        ("/products", f"q={'x' * 201}", "query.q"),
        *[("/orders", f"from={bad}", "query.from") for bad in ("yesterday", "2026-02-30", "1700000000", "")],
    ],
)
def test_a_query_that_is_wrong(shop: RunningShop, path: str, query: str, field: str) -> None:
    problem = _problem(_send(shop, "GET", f"{path}?{query}"), 422)
    assert [error["field"] for error in problem["errors"]] == [field]


def test_the_cursor_of_another_list(shop: RunningShop) -> None:
    cursors = {sort: shop.get(f"/products?limit=1&sort={sort}")["next"] for sort in ("name", "price", "newest")}
    for sort, cursor in [("name", cursors["price"]), ("price", cursors["newest"]), ("newest", cursors["name"])]:
        _problem(_send(shop, "GET", f"/products?sort={sort}&cursor={cursor}"), 422)
    _problem(_send(shop, "GET", f"/stock?cursor={cursors['name']}"), 422)


@pytest.mark.parametrize("path", PATHS)
def test_a_method_that_the_path_does_not_take(shop: RunningShop, path: str) -> None:
    """`/products/import` is a product's path too, of one whose id would be that."""
    taken = {method.upper() for method in PATHS[path]} | (
        {"GET", "PUT", "DELETE"} if path == "/products/import" else set()
    )
    for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"} - taken:
        answer = _send(shop, method, path)
        _problem(answer, 405)
        assert set(answer.headers["allow"].split(", ")) == taken


@pytest.mark.parametrize(
    "path", ["/nothing", "/orders/", "//", "/products/a/b", "/orders/..%2f..", "/_host", "/_host/nothing"]
)
def test_a_path_that_there_is_not(shop: RunningShop, path: str) -> None:
    _problem(_send(shop, "GET", path), 404)


@pytest.mark.parametrize("name", [ID, "x", "%00", "%ff", "'", "ORDER%23x", "x" * 5000, ID.upper()])
@pytest.mark.parametrize("path", [path for path in PATHS if path.count("{") == 1 and "get" in PATHS[path]])
def test_an_id_of_nothing(shop: RunningShop, path: str, name: str) -> None:
    _problem(_send(shop, "GET", path.partition("{")[0] + name + path.partition("}")[2]), 404)


@pytest.mark.parametrize(("method", "path"), [each for each in ROUTES if "security" in PATHS[each[1]][each[0]]])
def test_a_route_for_others(shop: RunningShop, method: str, path: str) -> None:
    """Without a token, with a broken one, and with one that is not enough (where the body, too, were in order)."""
    url = shop.url + path.format(**NAMES) + NEEDED.get(path, "")
    answer = shop.http.request(method, url)
    _problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"
    answer = shop.http.request(method, url, headers={"Authorization": "Bearer e30.e30.e30"})
    _problem(answer, 401)
    assert "invalid_token" in answer.headers["www-authenticate"]
    if PATHS[path][method]["security"] == [{"token": ["staff"]}] and (method, path) not in WITH_JSON:
        _problem(shop.http.request(method, url, headers=shop.token("somebody")), 403)
