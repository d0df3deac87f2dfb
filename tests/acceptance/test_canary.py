"""The shop buys of itself, with no more than its role allows."""

import json
from collections.abc import Iterator

import pytest

from .hosts import RECORDED_CALLS, Host
from .shop import Shop
from .standin import SETTINGS, StandIn

pytestmark = [pytest.mark.slow, pytest.mark.needs(RECORDED_CALLS)]

SKU = SETTINGS["CARTWHEEL_CANARY_SKU"]


@pytest.fixture
def reached(host: Host) -> Iterator[StandIn]:
    """Meanwhile the function is told of the API where the stand-in has it: the address of the stack is one of AWS's."""
    assert isinstance(host, StandIn)
    client, name = host.client("lambda"), host.physical("ordering-canary")
    told = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    variables = told | {"CARTWHEEL_ADDRESS": str(host.http.base_url).rstrip("/")}
    client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    yield host
    client.update_function_configuration(FunctionName=name, Environment={"Variables": told})


def test_a_synthetic_purchase(shop: Shop, reached: StandIn) -> None:
    body = {"name": "Seed", "variants": [{"sku": SKU, "regularPrice": 1}]}
    shop.ask("POST", "/products", body, shop.staff, 201)
    shop.count(SKU, 10)
    shop.until(lambda: shop.is_sold(SKU))
    reached.run("ordering-canary")
    lines = shop.until(lambda: reached.logged("ordering-canary", "CanarySuccesses"))
    assert json.loads(lines[-1])["CanarySuccesses"] == 1, reached.logged("ordering-canary", "purchase")
    shop.until(lambda: shop.stock(SKU) == (10, 0))
