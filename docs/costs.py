"""What a stage costs on AWS, reckoned from the map, from what an order was counted to take, and from list prices.

costs.toml holds the prices and the counts; what of the total is assumed and not counted is said there, too.
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from cartwheel.app import APP
from cartwheel.aws.deployment import MEMORY
from cartwheel.kernel.derived_alarms import alarms_of
from cartwheel.kernel.outbox import SHARDS
from cartwheel.kernel.settings import Settings

FIGURES: Final[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("costs.toml").read_text())
PRICES: Final[dict[str, float]] = FIGURES["prices"]
FREE: Final[dict[str, float]] = FIGURES["free"]
ASSUMED: Final[dict[str, float]] = FIGURES["assumed"]

SHOP: Final = APP.switched(Settings())  # as it is without a word
MONTH: Final = timedelta(days=30)
MINUTES: Final = MONTH / timedelta(minutes=1)
GIGABYTES: Final = MEMORY / 1024  # of a function's memory
EMPTY_QUERY: Final = 0.5  # read units, through an index; schedules and sweepers look through each of its shards
ORDERS: Final = 1000
CONSISTENT: Final = 4096  # bytes of a read unit, where reads are consistent
STORED: Final = 100_000  # orders, that a reconciliation reads
RUNS: Final = 30  # one a day

Units = Mapping[str, float]


def idle() -> Iterator[str]:
    """A month in which nothing happens."""
    sweepers = sum(1 for part in SHOP.slices if part.emits)  # each with its relay, once a minute
    runs = sweepers * MINUTES + sum(MONTH / max(each.every, timedelta(minutes=1)) for each in SHOP.schedules)
    secrets = {name for function, _ in SHOP.functions.values() for name in function.secrets}
    polls = len(SHOP.consumers) * ASSUMED["pollers"] * MONTH.total_seconds() / ASSUMED["poll_seconds"]
    yield from _table(
        {
            "queue requests": polls,
            "secret months": len(secrets),
            "scheduled invocations": runs,
            "read units": runs * SHARDS * EMPTY_QUERY,
            **_invoked(runs),
        },
        "a month",
        FREE,
    )


def watching() -> Iterator[str]:
    """A month of the stack `monitoring`. Failed sign-ins are reckoned from two metrics; relays, the pages and the two
    queues of last resort are only there."""
    relays = sum(1 for part in SHOP.slices if part.emits)
    alarms = len(alarms_of(SHOP, Settings())) + 2 * relays + 3
    yield from _table({"alarm metrics": alarms + 1, "dashboards": 1, "keys": 1}, "a month", FREE)


def orders() -> Iterator[str]:
    """A thousand orders, without what callers read before they buy."""
    counted = {unit: number * ORDERS for unit, number in FIGURES["order"].items()}
    messages = counted.pop("messages") * ASSUMED["requests_of_a_message"]
    yield from _table(counted | {"queue requests": messages} | _invoked(counted["invocations"]), "1,000 orders", {})


def reconciliation() -> Iterator[str]:
    """A month of daily runs over what many orders have left behind, each of which reads it whole."""
    figures = FIGURES["reconciliation"]
    looked_at = RUNS * STORED * figures["bytes"] / CONSISTENT
    yield from _table({"read units": looked_at} | _invoked(RUNS * STORED / figures["in_a_stretch"]), "a month", {})


def _invoked(times: float) -> dict[str, float]:
    return {
        "invocations": times,
        "gigabyte-seconds": times * ASSUMED["invocation_seconds"] * GIGABYTES,
        "log gigabytes": times * ASSUMED["log_bytes"] / 1e9,
    }


def _table(units: Units, what: str, free: Units) -> Iterator[str]:
    yield f"| | {what} | costs |{' beyond what is free |' if free else ''}"
    yield f"|---|---|---|{'---|' if free else ''}"
    for unit, number in sorted(units.items(), key=lambda each: -each[1] * PRICES[each[0]]):
        yield _row(unit, _number(number), number * PRICES[unit], _left(unit, number, free))
    total = sum(number * PRICES[unit] for unit, number in units.items())
    yield _row("**all**", "", total, sum(_left(unit, number, free) or 0 for unit, number in units.items()) or None)


def _left(unit: str, number: float, free: Units) -> float | None:
    return max(0.0, number - free.get(unit, 0)) * PRICES[unit] if free else None


def _row(unit: str, number: str, cost: float, left: float | None) -> str:
    return " | ".join([f"| {unit}", number, f"${cost:.3f}", *([] if left is None else [f"${left:.3f}"])]) + " |"


def _number(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"
