"""What an order costs in AWS's units, measured in the stand-in: the documentation reckons with it."""

import re
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from cartwheel.app import APP

from .shop import Shop
from .standin import FUNCTIONS, StandIn

REPORT: Final = re.compile(r"REPORT .*\tDuration: (\d+) ms")
SCHEDULED: Final = frozenset(schedule.function.name for schedule in APP.schedules)
QUIET: Final = 3.0  # seconds without a call


def of_an_order(host: StandIn, shop: Shop, orders: int) -> dict[str, Any]:
    """A guest buys two SKUs, left with an e-mail address: from opening the basket to CONFIRMED and the mail, each order
    by itself. Milliseconds are the stand-in's on this machine. What runs every minute is left out.
    """
    _wait_until_quiet(host)
    begun, before = time.time(), dict(host.proxy.operations.counted)
    for _ in range(orders):
        _buy(shop)
        _wait_until_quiet(host)
    units: defaultdict[str, float] = defaultdict(float)
    for (function, unit), number in host.proxy.operations.counted.items():
        if not _sweeps(function, unit):
            units[unit] += (number - before.get((function, unit), 0)) / orders
    milliseconds = {function: list(_durations(host, function, begun)) for function in set(FUNCTIONS) - SCHEDULED}
    return {
        "orders": orders,
        "units": {unit: round(number, 2) for unit, number in sorted(units.items()) if number},
        "invocations": {name: len(found) / orders for name, found in sorted(milliseconds.items()) if found},
        "milliseconds": {name: sum(found) / orders for name, found in sorted(milliseconds.items()) if found},
    }


def _buy(shop: Shop) -> None:
    basket = f"/baskets/{shop.ask('POST', '/baskets', status=201).json()['basketId']}"
    for name in ("bought", "declined"):
        shop.ask("PUT", f"{basket}/lines/{shop.sku(name)}", {"quantity": 1})
    shop.ask("POST", f"{basket}/checkout", {"email": "shopper@example.com"}, status=202)


def _sweeps(function: str, unit: str) -> bool:
    """A relay reads only when it sweeps."""
    return function in SCHEDULED or (function.endswith("-relay") and unit in ("Query", "read units"))


def _wait_until_quiet(host: StandIn) -> None:
    seen, since = -1.0, time.monotonic()
    while time.monotonic() - since < QUIET:
        calls = sum(
            number for (function, unit), number in host.proxy.operations.counted.items() if not _sweeps(function, unit)
        )
        if calls != seen:
            seen, since = calls, time.monotonic()
        time.sleep(0.2)


def _durations(host: StandIn, function: str, since: float) -> Iterator[int]:
    pages = host.client("logs").get_paginator("filter_log_events")
    for page in pages.paginate(logGroupName=host.log_group(function), startTime=int(since * 1000)):
        for event in page["events"]:
            if found := REPORT.match(event["message"]):
                yield int(found[1])
