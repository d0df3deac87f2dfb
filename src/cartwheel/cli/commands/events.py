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
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Begin with what was published then.")] = None,
    event_type: Annotated[str | None, typer.Option("--type", help="Only events of this type.")] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show the newest events: time, type, subject and correlation id.

    They come from the archive of the bus, in the order of publishing; with --since it goes back years.
    With --json each line is a whole event, with its data.

    Example: cartwheel events tail --follow --type OrderConfirmed
    """
    from cartwheel.cli.client import Client

    with Client(data) as shop:
        past, newest = _newest(shop, 0 if since else last, event_type)
        for event in past:
            _show(event, as_json)
        position = 0 if since else newest
        while follow or position < newest:
            page = shop.get("/_host/events", after=position, since=since, type=event_type)
            for event in page["items"]:
                _show(event, as_json)
            if page["after"] == position:
                time.sleep(POLL)
            position, since = page["after"], None


@app.command("list")
def list_events(
    event_type: Annotated[
        str | None, typer.Option("--type", help="Those of a type, of the last month at first.")
    ] = None,
    subject: Annotated[str | None, typer.Option(help="Those about one thing, such as an order.")] = None,
    correlation: Annotated[str | None, typer.Option(help="Those that go back to one request.")] = None,
    start: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Only events from then on.")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Only events before.")] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Ask the ledger for events by type, by subject or by correlation id, oldest first.

    It keeps every event for a year. With --json each line is a whole event, as GET /events answers it.

    Example: cartwheel events list --subject 01a1fa68-fb70-7ddb-99ba-bd8497c425cb
    """
    from cartwheel.cli.client import Client

    asked = {"type": event_type, "subject": subject, "correlation": correlation, "from": start, "to": end}
    with Client(data) as shop:
        for event in shop.items("/events", **asked):
            _show(event, as_json)


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
        (f"  {event.get('type') or event['detail-type']:20}", "bold"),
        (f"  {subject:36}", ""),
        (f"  {correlation_id}", "dim"),
    )
