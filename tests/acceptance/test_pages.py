"""What the shop says about itself, and about what there is not."""

import pytest

from cartwheel.app import APP
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.openapi import document

from .shop import Shop

pytestmark = pytest.mark.slow


def test_health(shop: Shop) -> None:
    assert shop.get("/health")["status"] == "ok"


def test_health_with_depth_is_for_staff(shop: Shop) -> None:
    told = shop.get("/health/deep", shop.staff)
    assert told["status"] in ("ok", "degraded")
    assert told["parts"][0]["part"] == "storage"
    shop.ask("GET", "/health/deep", status=401)
    shop.ask("GET", "/health/deep", who=shop.customer, status=403)


def test_the_contract_is_that_of_the_code(shop: Shop) -> None:
    answer = shop.ask("GET", "/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["paths"] == document(APP)["paths"]


def test_the_contract_can_be_read_by_people(shop: Shop) -> None:
    page = shop.ask("GET", "/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert shop.ask("GET", "/", status=307).headers["location"] == "/docs"


def test_an_unknown_id(shop: Shop) -> None:
    for path in (f"/orders/{new_id()}", f"/products/{new_id()}", f"/baskets/{new_id()}", "/availability/none"):
        assert shop.refusal("GET", path, status=404)["type"].endswith("/not-found")


def test_an_unknown_route(shop: Shop) -> None:
    assert "openapi.json" in shop.refusal("GET", "/no/such/thing", status=404)["detail"]
    shop.refusal("POST", "/health/no", status=404)


def test_a_method_that_the_path_does_not_take(shop: Shop) -> None:
    shop.refusal("DELETE", "/orders", status=405)
    assert shop.ask("PATCH", "/products", status=405).headers["allow"] == "GET, POST"


def test_a_body_that_is_not_valid(shop: Shop) -> None:
    problem = shop.refusal("POST", "/orders", {"amount": 9.999, "currency": "EUR"}, status=422)
    assert [error["field"] for error in problem["errors"]] == ["body.amount"]
    shop.ask("POST", "/orders", status=400, content=b"{", headers={"Content-Type": "application/json"})
