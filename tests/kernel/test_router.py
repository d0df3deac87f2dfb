from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartwheel.kernel.errors import MethodNotAllowed, NotFound
from cartwheel.kernel.router import FUNCTION, SCHEME, Router


def operation(function: str, role: str | None = None) -> dict[str, Any]:
    return {FUNCTION: function, "security": [{SCHEME: [role]}] if role else []}


ROUTER = Router(
    {
        "paths": {
            "/orders": {"get": operation("list", "customer"), "post": operation("create")},
            "/orders/{order_id}": {"get": operation("show"), "delete": operation("drop", "staff")},
            "/orders/latest": {"get": operation("latest")},
            "/orders/{order_id}/lines/{sku}": {"put": operation("line")},
            "/orders/latest/lines/{sku}": {"put": operation("latest-line")},
            "/orders/{order_id}/lines/first": {"put": operation("first-line"), "get": operation("show-first")},
            "/{anything}": {"get": operation("anything")},
        }
    }
)


@pytest.mark.parametrize(
    ("method", "path", "function", "parameters"),
    [
        ("GET", "/orders", "list", {}),
        ("POST", "/orders", "create", {}),
        ("GET", "/orders/5", "show", {"order_id": "5"}),
        ("GET", "/orders/latest", "latest", {}),
        ("DELETE", "/orders/latest", "drop", {"order_id": "latest"}),
        ("PUT", "/orders/5/lines/x", "line", {"order_id": "5", "sku": "x"}),
        ("PUT", "/orders/latest/lines/x", "latest-line", {"sku": "x"}),
        ("PUT", "/orders/latest/lines/first", "latest-line", {"sku": "first"}),
        ("PUT", "/orders/5/lines/first", "first-line", {"order_id": "5"}),
        ("GET", "/orders/latest/lines/first", "show-first", {"order_id": "latest"}),
        ("GET", "/products", "anything", {"anything": "products"}),
        ("GET", "/ünï cödé", "anything", {"anything": "ünï cödé"}),
        ("GET", "/orders/{order_id}", "show", {"order_id": "{order_id}"}),
    ],
)
def test_the_most_specific_route_that_takes_the_method(
    method: str, path: str, function: str, parameters: dict[str, str]
) -> None:
    target, found = ROUTER.find(method, path)
    assert (target.function, found) == (function, parameters)


def test_a_target_tells_role_and_key() -> None:
    roles = {
        (method, path): ROUTER.find(method, path)[0].role
        for method, path in [("GET", "/orders"), ("POST", "/orders"), ("DELETE", "/orders/5")]
    }
    assert list(roles.values()) == ["customer", "open", "staff"]
    assert ROUTER.find("DELETE", "/orders/5")[0].key == "DELETE /orders/{order_id}"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/orders", "GET, POST"),
        ("OPTIONS", "/orders/5", "DELETE, GET"),
        ("get", "/orders/latest", "DELETE, GET"),
        ("POST", "/orders/latest/lines/first", "GET, PUT"),
    ],
)
def test_another_method_is_told_what_the_path_takes(method: str, path: str, allowed: str) -> None:
    with pytest.raises(MethodNotAllowed) as raised:
        ROUTER.find(method, path)
    assert raised.value.headers == {"Allow": allowed}
    assert allowed in raised.value.detail


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/orders/",
        "//orders",
        "/orders/5/",
        "/orders/5/6",
        "/orders//lines/x",
        "/orders/5/lines/",
        "/orders/5/lines/x/y",
        "/orders/5/line/x",
    ],
)
def test_an_unknown_path_is_not_found(path: str) -> None:
    with pytest.raises(NotFound):
        ROUTER.find("GET", path)


@given(st.sampled_from(["GET", "PUT", "X"]), st.text("/{}orders5é\x00", max_size=20))
def test_any_path_finds_a_target_or_a_problem(method: str, path: str) -> None:
    try:
        target, parameters = ROUTER.find(method, path)
    except (NotFound, MethodNotAllowed):
        return
    assert all(parameters.values())
    assert target.key.count("{") == len(parameters)
