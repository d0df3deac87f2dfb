"""`cartwheel health`."""

from typing import Any, Final

import typer

from cartwheel.cli import output
from cartwheel.cli.options import DATA, Data, Json

STYLES: Final = {"ok": "green", "degraded": "yellow", "failing": "bold red"}


def health(data: Data = DATA, as_json: Json = False) -> None:
    """Show how the shop is, part by part, and since when one is not well.

    Exit code 1: a part fails, or no shop is running. What is degraded
    still serves, and somebody should look.

    Example: cartwheel health
    """
    from cartwheel.cli.client import Client

    with Client(data) as shop:
        document = shop.health()
    if as_json:
        output.print_json(document)
    else:
        for part in document["parts"]:
            output.print_styled(*_line(part))
    if document["status"] == "failing":
        raise typer.Exit(1)


def _line(part: dict[str, Any]) -> list[tuple[str, str]]:
    since = f" since {part['since']}" if part["since"] else ""
    return [(f"{part['part']:14}", ""), (f"{part['status']:10}", STYLES[part["status"]]), (part["detail"] + since, "")]
