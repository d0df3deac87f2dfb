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
    from cartwheel.cli.logfiles import Entry, Filter

POLL: Final = 0.2  # seconds between looks for new lines
STYLES: Final = {"ERROR": "bold red", "CRITICAL": "bold red", "WARNING": "yellow"}
# What has a place of its own in the line, is the same in every line, or says the exception once more.
ELSEWHERE: Final = frozenset(
    {"timestamp", "function", "level", "message", "service", "exception", "exception_name", "stack_trace"}
)


def logs(
    function: Annotated[str | None, typer.Argument(metavar="FUNCTION", help="Only the log of this function.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is logged from now on.")] = False,
    last: Annotated[int, typer.Option(min=0, max=1_000_000, help="How many past lines to begin with.")] = 50,
    grep: Annotated[str | None, typer.Option(metavar="TEXT", help="Only lines with this text.")] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show what the shop's functions log, merged by time.

    The shop need not be running. All that one order led to has the same
    correlation id, which `cartwheel events tail` shows: --grep finds it here.

    Example: cartwheel logs payment-events --last 100 --grep timeout
    """
    from cartwheel.cli.logfiles import Logs

    folder = _folder(data, function)
    with closing(Logs(folder, function)) as files:
        wanted = _having(grep)
        for entry in files.last(last, wanted):
            _show(entry, as_json)
        while follow:
            time.sleep(POLL)
            for entry in files.newer(wanted):
                _show(entry, as_json)


def _folder(data: Path, function: str | None) -> Path:
    from cartwheel.cli.logfiles import functions
    from cartwheel.local.logs import FOLDER

    folder = data / FOLDER
    names = functions(folder)
    if not names:
        raise CliError(f"There are no logs in {data}; start a shop there with {how_to_start(data)}.")
    if function and function not in names:
        raise CliError(f"There is no log of {function!r}; there are {', '.join(names)}.")
    return folder


def _having(text: str | None) -> "Filter":
    """Lines that have the text as they are stored or, as far as that can differ, as they are shown."""
    from cartwheel.cli.logfiles import parse

    needle = (text or "").encode()
    if text and ("=" in text or " " in text):
        return lambda line: needle in line or text in _shown(parse("", line, datetime.now(UTC)))
    return lambda line: needle in line


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
