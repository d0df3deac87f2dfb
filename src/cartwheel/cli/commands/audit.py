"""`cartwheel audit`: what staff did, and whether the record of it is whole."""

import json
import re
from datetime import datetime
from typing import Annotated, Any, Final

import typer

from cartwheel.cli import output
from cartwheel.cli.errors import CliError
from cartwheel.cli.options import DATA, Data, Json

KEPT: Final = re.compile("([0-9a-f]{64})@([1-9][0-9]{0,11})")
SHOWN: Final = 20  # faults; the first of them tell where to look

app = typer.Typer(no_args_is_help=True, help="See what staff did, and verify that the record of it is whole.")


@app.command("list")
def list_entries(
    who: Annotated[str | None, typer.Option("--who", help="Only what this subject did.")] = None,
    start: Annotated[datetime | None, typer.Option("--from", help="Recorded then (UTC) or later.")] = None,
    end: Annotated[datetime | None, typer.Option("--to", help="Recorded before (UTC).")] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show what staff did, oldest first: number, time, who, route, and what was written.

    With --json each line is a whole entry, with before and after.

    Example: cartwheel audit list --from 2026-11-20
    """
    from cartwheel.cli.client import Client

    with Client(data) as shop:
        for item in shop.items("/audit", who=who, **{"from": _moment(start), "to": _moment(end)}):
            entry = json.loads(item["entry"])
            if as_json:
                output.print_json_line(entry | {"hash": item["hash"]})
            else:
                _show(entry)


@app.command("verify")
def verify(
    expect: Annotated[
        list[str] | None, typer.Option("--expect", help="A head that was kept, HASH@NUMBER; may be given often.")
    ] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Recompute the hash of every entry, and name those that were changed, removed, put in or moved.

    Prints the head. Keep it elsewhere: who can write to the database could make
    the whole chain anew, or cut off its end; with --expect that shows.

    Example: cartwheel audit verify
    """
    from cartwheel.audit.model import Link, Verifier
    from cartwheel.cli.client import Client

    kept, faults = [_kept(text) for text in expect or ()], list[str]()
    with Client(data) as shop, output.progress("Verifying") as advance:
        head = shop.get("/audit/head")
        verifier = Verifier([*kept, (head["seq"], head["hash"])])
        for item in shop.items("/audit"):
            faults += verifier.follow([Link.read(item)])
            advance(verifier.seq, head["seq"])
        faults += verifier.end(shop.get("/audit/head")["seq"])
    if as_json:
        output.print_json({"entries": verifier.seq, "head": f"{verifier.hash}@{verifier.seq}", "faults": faults})
    elif not faults:
        output.print_text(f"{verifier.seq} entries, none of them changed. Head: {verifier.hash}@{verifier.seq}")
    if faults:
        more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise CliError(f"The audit is not whole: {'; '.join(faults[:SHOWN])}{more}.")


def _moment(moment: datetime | None) -> str | None:
    return f"{moment.isoformat()}Z" if moment else None


def _kept(text: str) -> tuple[int, str]:
    parts = KEPT.fullmatch(text)
    if not parts:
        raise CliError(f"--expect {text}: a head has the form HASH@NUMBER, as `cartwheel audit verify` prints it.")
    return int(parts[2]), parts[1]


def _show(entry: dict[str, Any]) -> None:
    written = ", ".join(f"{change['action']} {change['table']} {change['key']}" for change in entry["changes"])
    output.print_styled(
        (f"{entry['seq']:>6}  {entry['actedAt']}", "dim"),
        (f"  {entry['who']:16}", "bold"),
        (f"  {entry['route']:36}", ""),
        (f"  {written}", "dim"),
    )
