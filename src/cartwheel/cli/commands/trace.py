"""`cartwheel order trace`."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Final

import typer

from cartwheel.cli import output
from cartwheel.cli.options import DATA, Data, Json

BAR: Final = 20  # columns
WHAT: Final = 41  # columns; with the figures and the bar that makes 80

ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NAMES: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "outbox": lambda hop: f"{hop['what']}: outbox",
    "bus": lambda hop: f"bus to {hop['where']}",
    "queue": lambda hop: f"queue of {hop['where']}",
    "delivery": lambda hop: hop["where"],
}


def trace(
    order_id: Annotated[str, typer.Argument(metavar="ID", help="The order's id, as its caller got it.")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show how long each hop of an order took, from the request to the mail.

    Below each hop is what it led to: the outbox, the queues, the functions
    behind them, calls of the payment provider and of the mail server. Times
    are in milliseconds, `after` counts from the begin of the trace.

    Example: cartwheel order trace 0197e5a2-7b1c-7d51-9f43-6a1f0d2c9b11
    """
    from cartwheel.cli.client import Client, segment

    with Client(data) as shop:
        found = shop.get(f"/orders/{segment(order_id)}/trace")
    if as_json:
        output.print_json(found)
        return
    for each in found["traces"]:
        _print(each)
    for gap in found["missing"]:
        output.print_fact("missing", gap, "yellow")
    output.print_fact("order", found["orderId"])


def _print(told: dict[str, Any]) -> None:
    output.print_fact("trace", told["traceId"])
    output.print_fact("began", told["at"])
    output.print_text(f"{'after':>8} {'ms':>7}  {'':{BAR}} what")
    for hop in told["hops"]:
        style = "bold red" if hop["failed"] else "dim" if hop["kind"] in ("outbox", "bus", "queue") else ""
        figures = f"{_figure(hop['after']):>8} {_figure(hop['milliseconds']):>7}  "
        bar = _bar(hop["after"], hop["milliseconds"], told["milliseconds"])
        output.print_styled((figures, ""), (bar, style or "green"), (f" {_what(hop)}", style))
    output.print_text("")


def _figure(milliseconds: float) -> str:
    """What takes minutes, or days, is told in seconds."""
    return f"{milliseconds:.1f}" if milliseconds < 100_000 else f"{milliseconds / 1000:.0f}s"


def _what(hop: dict[str, Any]) -> str:
    told = NAMES[hop["kind"]](hop) if hop["kind"] in NAMES else str(hop["what"])
    name = ID.sub("…", told)
    if hop["kind"] == "delivery" and hop["attempt"] > 1:
        name += f", attempt {hop['attempt']}"
    if hop["failed"]:
        name += ", failed"
    text = " " * hop["depth"] + name
    return text if len(text) <= WHAT else f"{text[: WHAT - 1]}…"


def _bar(after: float, milliseconds: float, whole: float) -> str:
    """Where in the whole it lies; what is too short to be seen is one column all the same."""
    scale = BAR / whole if whole else 0
    first = min(int(after * scale), BAR - 1)
    length = max(1, min(round((after + milliseconds) * scale), BAR) - first)
    return f"{' ' * first}{'━' * length:{BAR - first}}"
