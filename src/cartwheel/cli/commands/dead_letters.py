"""`cartwheel dead-letters`: what could not be done, why, and once more."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer

from cartwheel.cli import output
from cartwheel.cli.options import DATA, Data, Json

from .redrive import redrive

SCALES: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))  # seconds

app = typer.Typer()
app.command("redrive")(redrive)

Queue = Annotated[str | None, typer.Option(help="Only those of this queue; `cartwheel queues` shows their names.")]


@app.callback(invoke_without_command=True)
def causes(context: typer.Context, data: Data = DATA, as_json: Json = False) -> None:
    """See what could not be done and why, in groups by cause, and try it again.

    Example: cartwheel dead-letters
    """
    if context.invoked_subcommand:
        given = [name for name in ("data", "as_json") if _is_given(context, name)]
        if given:
            raise typer.BadParameter(f"say options behind `{context.invoked_subcommand}`", context)
        return
    from cartwheel.cli.client import Client

    with Client(data) as shop:
        found = shop.get("/_host/dead-letters/causes")
    if as_json:
        output.print_json(found)
    elif not found["items"]:
        output.print_text("There are no dead letters.")
    else:
        for item in found["items"]:
            _print_cause(item)
        output.print_text(f"{_counted(found['letters'], 'dead letter')} of {_counted(found['causes'], 'cause')}")


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _print_cause(item: dict[str, Any]) -> None:
    heading = [_counted(item["letters"], "letter"), item["queue"], item["type"] or "no event"]
    output.print_fact(item["cause"], "  ".join(heading), "bold")
    output.print_fact("", item["error"])
    output.print_fact("", f"{item['first']} to {item['last']}, for example {item['example']}", "dim")
    output.print_text("")


@app.command("list")
def list_letters(
    queue: Queue = None,
    cause: Annotated[str | None, typer.Option(help="Only those of this cause.")] = None,
    order: Annotated[str | None, typer.Option(metavar="ID", help="Only those about this order.")] = None,
    event_type: Annotated[str | None, typer.Option("--type", help="Only those that carry this type of event.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many to list.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Go on where the list before ended.")] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """List dead letters, the oldest first, each with its last error.

    Example: cartwheel dead-letters list --queue payment-events
    """
    from cartwheel.cli.client import Client

    with Client(data) as shop:
        page = shop.get(
            "/_host/dead-letters", queue=queue, cause=cause, order=order, type=event_type, limit=limit, cursor=cursor
        )
    if as_json:
        output.print_json(page)
    elif page["items"]:
        _print_letters(page["items"])
    else:
        output.print_text("There are no dead letters.")
    if page["next"] and not as_json:
        output.note(f"There are more: --cursor {page['next']} goes on.")


def _print_letters(items: list[dict[str, Any]]) -> None:
    again = any(each["redrives"] for each in items)
    columns = ("id", "queue", "event", "age", *(["redriven"] if again else []), "error")
    rows = [
        (each["id"], each["queue"], each["type"], _age(each["diedAt"]))
        + ((each["redrives"],) if again else ())
        + (each["error"],)
        for each in items
    ]
    output.print_table(columns, rows, one_line=True)


@app.command("show")
def show_letter(
    letter: Annotated[int, typer.Argument(metavar="ID", min=1)], data: Data = DATA, as_json: Json = False
) -> None:
    """Show a dead letter whole: its errors, its history and the event it carries.

    The event may hold personal data; logs never do.

    Example: cartwheel dead-letters show 17
    """
    from cartwheel.cli.client import Client

    with Client(data) as shop:
        found = shop.get(f"/_host/dead-letters/{letter}")
    found["body"] = _parsed(found["body"])
    if as_json:
        output.print_json(found)
        return
    for name, value in _facts(found):
        if value is not None:
            output.print_fact(name, str(value))
    output.print_text("")
    for entry in found["history"]:
        output.print_fact("redriven" if "redrivenBy" in entry else "failed", _entry(entry))
    output.print_text("")
    output.print_json(found["body"])


def _facts(found: dict[str, Any]) -> list[tuple[str, Any]]:
    return [
        ("queue", found["queue"]),
        ("event", found["type"]),
        ("error", found["error"]),
        ("receives", found["receives"]),
        ("redriven", f"{found['redrives']} times" if found["redrives"] else None),
        ("cause", found["cause"]),
        ("order", found["orderId"]),
        ("subject", found["subject"] if found["subject"] != found["orderId"] else None),
        ("story", found["correlationId"]),
        ("sent", found["firstSentAt"]),
        ("died", found["diedAt"]),
        ("kept", f"until {found['keptUntil']}" if "keptUntil" in found else None),
        ("redrive", f"until {found['redriveUntil']}"),
    ]


def _entry(entry: dict[str, Any]) -> str:
    return f"{entry['at']}  {entry['error'] if 'error' in entry else 'by ' + entry['redrivenBy']}"


def _parsed(body: str) -> Any:
    """A message that is no JSON is shown as it is: that may be why it died."""
    try:
        return json.loads(body)
    except ValueError:
        return body


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def _age(moment: str) -> str:
    seconds = max(0, int((datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds()))
    scale, unit = next((each for each in SCALES if seconds >= each[0]), (1, "s"))
    return f"{seconds // scale} {unit}"
