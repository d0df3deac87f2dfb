"""`cartwheel mailbox`."""

from typing import Annotated, Any

import typer

from cartwheel.cli import output
from cartwheel.cli.options import DATA, Data, Json


def mailbox(
    to: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Only the mails to this address.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many at most.")] = 10,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show the newest mails: the shop's own, and the host's with their codes.

    With a mail server those of the host are here only until it has taken them.

    Example: cartwheel mailbox --to alice@example.com
    """
    from cartwheel.cli.client import Client

    with Client(data) as shop:
        found = [*shop.get("/_host/mailbox")["items"], *shop.get("/mailbox", limit=100)["items"]]
    mails = sorted((each for each in found if to in (None, each["to"])), key=lambda each: str(each["createdAt"]))
    if as_json:
        output.print_json({"items": mails[: -limit - 1 : -1]})
        return
    for mail in mails[-limit:]:
        _print(mail)


def _print(mail: dict[str, Any]) -> None:
    """The newest last, where one looks."""
    output.print_fact("to", mail["to"] or "(erased)")
    output.print_fact("at", mail["createdAt"])
    output.print_fact("subject", mail["subject"])
    for line in mail["text"].splitlines():
        output.print_text(f"  {line}".rstrip())
    output.print_text("")
