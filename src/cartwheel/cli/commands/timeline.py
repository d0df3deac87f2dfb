"""`cartwheel order timeline`."""

from collections.abc import Iterator
from typing import Annotated, Any, Final

import typer

from cartwheel.cli import output
from cartwheel.cli.options import DATA, Data, Json

WORTH_TELLING: Final = 10  # milliseconds


def timeline(
    order_id: Annotated[str, typer.Argument(metavar="ID", help="The order's id, as its caller got it.")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Tell what happened to an order, and what it waits for.

    The request, each event, each delivery and failed attempt, payment calls,
    mails, dead letters and what staff did, in order.

    Example: cartwheel order timeline 0197e5a2-7b1c-7d51-9f43-6a1f0d2c9b11
    """
    from cartwheel.cli.client import Client, segment

    with Client(data) as shop:
        found = shop.get(f"/orders/{segment(order_id)}/timeline")
    if as_json:
        output.print_json(found)
    else:
        _print(found)


def _print(found: dict[str, Any]) -> None:
    output.print_table(("time", "kind", "where", "what"), _rows(found))
    output.print_text("")
    for gap in found["missing"]:
        output.print_fact("missing", gap, "yellow")
    for delivery in found["open"]:
        output.print_fact("open", delivery["text"], "bold red" if delivery["dead"] else "yellow")
    output.print_fact("order", found["orderId"])
    output.print_fact("now", found["summary"], "bold")


def _rows(found: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """A row for each entry, and one for each day."""
    day = ""
    for entry in found["entries"]:
        date, _, time = entry["at"].rstrip("Z").partition("T")
        if date != day:
            yield (date, "", "", "")
        day = date
        yield time, entry["kind"], entry["where"], _what(found["orderId"], entry)


def _what(order_id: str, entry: dict[str, Any]) -> str:
    what = entry["what"].replace(order_id, "…")
    if entry.get("attempt", 1) > 1:
        what += f", attempt {entry['attempt']}"
    if entry.get("milliseconds", 0) >= WORTH_TELLING:
        what += f", {entry['milliseconds']:.0f} ms"
    if "who" in entry:
        what += f", by {entry['who']}"
    return f"{what}: {entry['error']}" if "error" in entry else what
