"""Whoever may not call a route hears that, and not what else is wrong with the request."""

from typing import Final

import pytest

from tests.support.routes import GUARDED, Route
from tests.support.shop import Shop

WRONG: Final = {
    "invalid": ("application/json", '{"nothing": "of this"}'),
    "not JSON": ("application/json", "{"),
    "no body": ("application/json", None),
    "another type": ("application/xml", "<order/>"),
}


def test_there_are_routes_of_every_role() -> None:
    assert {role for _, _, role in GUARDED} == {"customer", "staff", "admin"}
    assert {("POST", "/products", "staff"), ("POST", "/orders/x/cancel", "customer")} <= set(GUARDED)


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route[0]} {route[1]}")
def test_the_role_is_asked_for_first(shop: Shop, route: Route, wrong: str) -> None:
    method, path, role = route
    kind, body = WRONG[wrong]
    answers = [
        shop.request(method, f"{path}?limit=none&from=never", token=token, headers={"content-type": kind}, body=body)
        for token in (None, "customer:ann")
    ]
    assert answers[0].status == 401
    assert (answers[1].status == 403) is (role != "customer")
