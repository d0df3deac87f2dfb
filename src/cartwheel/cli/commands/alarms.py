"""`cartwheel alarms`."""

from typing import Annotated, Any

import typer

from cartwheel.cli import output
from cartwheel.cli.options import DATA, Data, Json


def alarms(
    ringing: Annotated[bool, typer.Option("--on", help="Only those that are on.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show how every alarm stands, and when it is on.

    They are looked at once a minute. docs/runbooks/ has a page for each.

    Example: cartwheel alarms --on
    """
    from cartwheel.cli.client import Client

    with Client(data) as shop:
        items = shop.get("/alarms.json")["items"]
    if ringing:
        items = [item for item in items if item["state"] == "ALARM"]
    if as_json:
        output.print_json({"items": items})
    elif items:
        columns = ("alarm", "state", "since", "last", "on when")
        output.print_table(columns, [_row(item) for item in items])
    else:
        output.note("No alarm is on.")


def _row(item: dict[str, Any]) -> tuple[str, str, str | None, str | None, str]:
    last = None if item["value"] is None else f"{item['value']:g}"
    return item["name"], item["state"], item["since"], last, item["condition"]
