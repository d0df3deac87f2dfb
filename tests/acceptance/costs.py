"""What an order costs in AWS's units, measured in the stand-in: the documentation reckons with it."""

import re
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cartwheel.app import APP

from .shop import Shop
from .standin import FUNCTIONS, StandIn

REPORT: Final = re.compile(r"REPORT .*\tDuration: (\d+) ms")
SCHEDULED: Final = frozenset(schedule.function.name for schedule in APP.schedules)
Counts = Mapping[str, float]

QUIET: Final = 3.0  # seconds without a call


def of_an_order(host: StandIn, shop: Shop, orders: int) -> dict[str, Any]:
    """A guest buys two SKUs, left with an e-mail address: from opening the basket to CONFIRMED and the mail, each order
    by itself, and of them the least: other work that falls among it only adds, such as what earlier cases left.
    Milliseconds are the stand-in's on this machine. What runs every minute is left out.
    """
    _wait_until_quiet(host)
    units, calls, milliseconds = list[Counts](), list[Counts](), list[Counts]()
    for _ in range(orders):
        begun, before = time.time(), dict(host.proxy.operations.counted)
        _buy(shop)
        _wait_until_quiet(host)
        units.append(_units(host, before))
        durations = {name: list(_durations(host, name, begun)) for name in set(FUNCTIONS) - SCHEDULED}
        calls.append({name: _sent(host, before, name, len(found)) for name, found in durations.items()})
        milliseconds.append({name: sum(found) for name, found in durations.items()})
    least = {"units": _least(units), "invocations": _least(calls), "milliseconds": _least(milliseconds)}
    return {"orders": orders, **least}


def _units(host: StandIn, before: dict[tuple[str, str], float]) -> Counts:
    """What was used since."""
    units: defaultdict[str, float] = defaultdict(float)
    for (function, unit), number in host.proxy.operations.counted.items():
        if not _sweeps(function, unit):
            units[unit] += number - before.get((function, unit), 0)
    return units


def _sent(host: StandIn, before: dict[tuple[str, str], float], name: str, invocations: int) -> float:
    """Of a relay only the invocations that had something to send: it is invoked every minute, too."""
    key = (name, "PutEvents")
    return host.proxy.operations.counted.get(key, 0) - before.get(key, 0) if name.endswith("-relay") else invocations


def _least(counts: list[Counts]) -> Counts:
    names = sorted({name for count in counts for name in count})
    least = {name: min(count.get(name, 0) for count in counts) for name in names}
    return {name: number for name, number in least.items() if number}


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
