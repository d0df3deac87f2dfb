"""`cartwheel dead-letters`: what could not be done, why, and once more."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cartwheel.cli import output
from cartwheel.cli.options import DATA, Data, Json

if TYPE_CHECKING:
    from cartwheel.cli.client import Client

app = typer.Typer(no_args_is_help=True, help="See what could not be done, and try it again.")

Queue = Annotated[str | None, typer.Option(help="Only those of this queue; `cartwheel queues` shows their names.")]


@app.command("list")
def list_letters(queue: Queue = None, data: Data = DATA, as_json: Json = False) -> None:
    """List the dead letters, each with its last error.

    Example: cartwheel dead-letters list --queue payment-events
    """
    from cartwheel.cli.client import Client

    with Client(data) as shop:
        items = list(_all(shop, queue))
    if as_json:
        output.print_json({"items": items})
    elif items:
        rows = [(each["id"], each["queue"], _time(each["diedAt"]), each["receives"], each["error"]) for each in items]
        output.print_table(("id", "queue", "died", "receives", "error"), rows)
    else:
        output.print_text("There are no dead letters.")


@app.command("show")
def show_letter(
    letter: Annotated[int, typer.Argument(metavar="ID", min=1)], data: Data = DATA, as_json: Json = False
) -> None:
    """Show a dead letter whole: its last error and the event it carries.

    Example: cartwheel dead-letters show 17
    """
    from cartwheel.cli.client import Client

    with Client(data) as shop:
        found = shop.get(f"/_host/dead-letters/{letter}")
    found["body"] = _parsed(found["body"])
    if as_json:
        output.print_json(found)
        return
    for name in ("queue", "receives", "error"):
        output.print_fact(name, str(found[name]))
    for name, key in (("sent", "sentAt"), ("died", "diedAt")):
        output.print_fact(name, _time(found[key]))
    output.print_json(found["body"])


@app.command("redrive")
def redrive(
    context: typer.Context,
    letter: Annotated[int | None, typer.Argument(metavar="ID", min=1, help="One dead letter …")] = None,
    queue: Annotated[str | None, typer.Option(help="… or those of this queue …")] = None,
    everything: Annotated[bool, typer.Option("--all", help="… or all of them.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Send dead letters back to their queues, to be handled again.

    It is safe to repeat: a consumer does not do again what it has done.

    Example: cartwheel dead-letters redrive --queue payment-events
    """
    from cartwheel.cli.client import Client

    if sum((letter is not None, queue is not None, everything)) != 1:
        raise typer.BadParameter("give one of ID, --queue and --all", context)
    with Client(data) as shop:
        answer = shop.act("/_host/dead-letters/redrive", id=letter, queue=queue)
    if as_json:
        output.print_json(answer)
    else:
        output.print_text(_redriven(answer["redriven"]))


def _redriven(number: int) -> str:
    if number == 0:
        return "There are no dead letters."
    return "1 dead letter is back on its queue." if number == 1 else f"{number} dead letters are back on their queues."


def _all(shop: "Client", queue: str | None) -> Iterator[dict[str, Any]]:
    after = 0
    while after is not None:
        page = shop.get("/_host/dead-letters", queue=queue, after=after)
        yield from page["items"]
        after = page["next"]


def _parsed(body: str) -> Any:
    """A message that is no JSON is shown as it is: that may be why it died."""
    try:
        return json.loads(body)
    except ValueError:
        return body


def _time(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S}Z"
