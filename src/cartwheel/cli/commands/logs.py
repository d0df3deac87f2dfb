"""`cartwheel logs`."""

import json
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cartwheel.cli import output
from cartwheel.cli.errors import CliError, how_to_start
from cartwheel.cli.options import DATA, Data, Json

if TYPE_CHECKING:
    from cartwheel.local.logfiles import Entry

MOST: Final = 1_000_000
USUAL: Final = 50
POLL: Final = 0.2  # seconds between looks for new lines
STYLES: Final = {"ERROR": "bold red", "CRITICAL": "bold red", "WARNING": "yellow"}
# What has a place of its own in the line, is the same in every line, or says the exception once more.
ELSEWHERE: Final = frozenset(
    {"timestamp", "function", "level", "message", "service", "exception", "exception_name", "stack_trace"}
)


def logs(
    function: Annotated[str | None, typer.Argument(metavar="FUNCTION", help="Only the log of this function.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is logged from now on.")] = False,
    last: Annotated[
        int | None, typer.Option(min=0, max=MOST, help="How many past lines; 50, or with --since all.")
    ] = None,
    grep: Annotated[str | None, typer.Option(metavar="TEXT", help="Only lines with this text.")] = None,
    order: Annotated[str | None, typer.Option(metavar="ID", help="Only what is about this order.")] = None,
    correlation: Annotated[str | None, typer.Option(metavar="ID", help="Only what goes back to this request.")] = None,
    trace: Annotated[str | None, typer.Option(metavar="ID", help="Only what this trace led through.")] = None,
    level: Annotated[str | None, typer.Option(help="Only of this level or above: INFO, WARNING, ERROR.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="From then on: a time, or 90s, 15m, 2h ago.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Up to then.")] = None,
    metrics: Annotated[bool, typer.Option("--metrics", help="With the lines that are metrics.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show what the shop's functions log, merged by time.

    The shop need not be running. What is asked for has to be so all at once.

    Example: cartwheel logs payment-events --since 15m --level WARNING
    """
    from cartwheel.cli.logfilter import LONG_AGO, Wanted, moment
    from cartwheel.local.logfiles import Logs

    if follow and until:
        raise CliError("--follow goes on and --until ends: use one of them.")
    wanted = Wanted(_shown, grep, order, correlation, trace, level.upper() if level else None, metrics)
    begin = moment("--since", since) if since else LONG_AGO
    end = moment("--until", until) if until else datetime.max.replace(tzinfo=UTC)
    most = (MOST if since else USUAL) if last is None else last
    folder = _folder(data, function)
    with closing(Logs(folder, function)) as files:
        for entry in files.last(most, wanted, begin, end):
            _show(entry, as_json)
        while follow:
            time.sleep(POLL)
            for entry in files.newer(wanted):
                _show(entry, as_json)


def _folder(data: Path, function: str | None) -> Path:
    from cartwheel.local.logfiles import functions
    from cartwheel.local.logs import FOLDER

    folder = data / FOLDER
    names = functions(folder)
    if not names:
        raise CliError(f"There are no logs in {data}; start a shop there with {how_to_start(data)}.")
    if function and function not in names:
        raise CliError(f"There is no log of {function!r}; there are {', '.join(names)}.")
    return folder


def _show(entry: "Entry", as_json: bool) -> None:
    if as_json:
        output.print_json_line({"function": entry.function, **entry.fields})
        return
    level = entry.fields.get("level", "")
    output.print_styled(
        (_clock(entry.moment), "dim"),
        (f" {entry.function}", "cyan"),
        (f" {level or '-'} ", STYLES.get(level, "")),
        (_shown(entry), ""),
    )
    for line in str(entry.fields.get("exception", "")).splitlines():
        output.print_styled(("    " + line, "dim"))


def _shown(entry: "Entry") -> str:
    facts = [f"{name}={_compact(value)}" for name, value in entry.fields.items() if name not in ELSEWHERE]
    return " ".join([str(entry.fields.get("message", "")), *facts])


def _compact(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _clock(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
