"""What an order costs: few operations, and no more of them tomorrow than today."""

import json
import tomllib
from pathlib import Path
from typing import Final

import pytest

from .costs import of_an_order
from .hosts import RECORDED_CALLS, Host
from .shop import Shop
from .standin import StandIn

pytestmark = [pytest.mark.slow, pytest.mark.last, pytest.mark.needs(RECORDED_CALLS)]

DOCUMENTED: Final = Path(__file__).parents[2] / "docs/costs.toml"
TOLERANCE: Final = 1.1  # a message may come twice, a batch once hold two


def test_an_order_costs_no_more_than_is_documented(host: Host, shop: Shop, request: pytest.FixtureRequest) -> None:
    assert isinstance(host, StandIn)
    costs = of_an_order(host, shop, orders=3)
    file: Path | None = request.config.getoption("--operations", None)
    if file:
        file.write_text(json.dumps(costs, indent=2))
    counted = costs["units"] | {"invocations": sum(costs["invocations"].values())}
    documented: dict[str, float] = tomllib.loads(DOCUMENTED.read_text())["order"]
    assert {"write units", "read units", "events", "invocations"} <= counted.keys() & documented.keys()
    assert [unit for unit, most in documented.items() if counted.get(unit, 0) > most * TOLERANCE] == []
