"""`cartwheel events`."""

import time
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cartwheel.cli import output
from cartwheel.cli.options import DATA, Data, Json

if TYPE_CHECKING:
    from cartwheel.cli.client import Client

POLL: Final = 0.25  # seconds between looks for new events

app = typer.Typer(no_args_is_help=True, help="See what happened in the shop.")


@app.command("tail")
def tail(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what happens from now on.")] = False,
    last: Annotated[int, typer.Option(min=0, max=100_000, help="How many past events to begin with.")] = 20,
    event_type: Annotated[str | None, typer.Option("--type", help="Only events of this type.")] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show the newest events: time, type, subject and correlation id.

    With --json each line is a whole event, with its data.

    Example: cartwheel events tail --follow --type OrderConfirmed
    """
    from cartwheel.cli.client import Client

    with Client(data) as shop:
        past, position = _newest(shop, last, event_type)
        for event in past:
            _show(event, as_json)
        while follow:
            page = shop.get("/_host/events", after=position, type=event_type)
            for event in page["items"]:
                _show(event, as_json)
            if page["after"] == position:
                time.sleep(POLL)
            position = page["after"]


def _newest(shop: "Client", number: int, event_type: str | None) -> tuple[list[dict[str, Any]], int]:
    """The newest events, oldest first, and the position behind which to follow."""
    page = shop.get("/_host/events", last=number, type=event_type)
    found, position, before = page["items"], page["after"], page["before"]
    if len(found) >= number or before is None:
        return found, position
    with output.progress("Looking back") as advance:
        while len(found) < number and before is not None:
            page = shop.get("/_host/events", last=number - len(found), before=before, type=event_type)
            found, before = page["items"] + found, page["before"]
            advance(position - (before or 0), position)
    return found, position


def _show(event: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.print_json_line(event)
        return
    metadata = event["detail"].get("metadata")
    subject, correlation_id = "", ""
    if isinstance(metadata, dict):  # events of others need not have ours
        subject, correlation_id = str(metadata.get("subject", "")), str(metadata.get("correlationId", ""))
    output.print_styled(
        (event["time"], "dim"),
        (f"  {event['detail-type']:20}", "bold"),
        (f"  {subject:36}", ""),
        (f"  {correlation_id}", "dim"),
    )
