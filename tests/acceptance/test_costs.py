"""What an order costs: few operations, and no more of them tomorrow than today."""

import json
from pathlib import Path

import pytest

from .costs import of_an_order
from .hosts import RECORDED_CALLS, Host
from .shop import Shop
from .standin import StandIn

pytestmark = [pytest.mark.slow, pytest.mark.last, pytest.mark.needs(RECORDED_CALLS)]

MOST = {"read units": 22, "write units": 100, "events": 7, "invocations": 20}


def test_an_order_costs_no_more_than_is_documented(host: Host, shop: Shop, request: pytest.FixtureRequest) -> None:
    assert isinstance(host, StandIn)
    costs = of_an_order(host, shop, orders=3)
    file: Path | None = request.config.getoption("--operations", None)
    if file:
        file.write_text(json.dumps(costs, indent=2))
    assert {unit: number for unit, number in costs["units"].items() if number > MOST.get(unit, 30)} == {}
    assert sum(costs["invocations"].values()) <= MOST["invocations"]
