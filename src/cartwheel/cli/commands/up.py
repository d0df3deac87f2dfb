"""`cartwheel up`."""

import errno
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cartwheel.cli import output
from cartwheel.cli.errors import CliError
from cartwheel.cli.options import DATA, Data

if TYPE_CHECKING:
    from cartwheel.local.main import Options


def up(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes any that is free.")] = 8000,
    data: Data = DATA,
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 lets other machines in.")] = "127.0.0.1",
    empty: Annotated[bool, typer.Option("--empty", help="Do not load the sample shop into an empty folder.")] = False,
    max_backlog: Annotated[
        int, typer.Option(min=1, help="Messages and events under way before the shop answers 503.")
    ] = 20_000,
) -> None:
    """Start the shop and serve until Ctrl-C or SIGTERM.

    All it has is in its data folder; started again there, it carries on where
    it was. The address is printed last, once it serves.

    Example: cartwheel up --port 8080 --data ~/shop
    """
    _say("Starting …")
    from cartwheel.kernel.settings import InvalidSetting, Settings
    from cartwheel.local.main import Options

    try:
        settings = Settings.read()
    except InvalidSetting as wrong:
        raise CliError(f"{wrong}.") from None
    _serve(Options(data, host, port, not empty, max_backlog, settings, _say))


def _serve(options: "Options") -> None:
    from cartwheel.local.host import AlreadyRunning
    from cartwheel.local.main import up as serve

    try:
        serve(options)
    except AlreadyRunning as running:
        raise CliError(str(running)) from None
    except ConnectionError as broken:
        raise CliError(f"The shop stopped: {broken}. Start it again; it carries on where it was.") from None
    except OSError as refused:
        raise CliError(_unlistenable(options, refused)) from None


def _unlistenable(options: "Options", refused: OSError) -> str:
    if refused.filename:
        return f"The data folder {options.folder} cannot be used: {refused.strerror}; choose another with --data."
    if refused.errno == errno.EADDRINUSE:
        return f"Port {options.port} on {options.host} is taken; choose another with --port, or 0 for any free one."
    if refused.errno == errno.EACCES:
        return f"Port {options.port} needs more rights; choose one above 1023 with --port."
    reason = str(refused.strerror or refused).partition(" (")[0]
    return f"It cannot listen on {options.host}: {reason}; choose another address with --host."


def _say(line: str) -> None:
    try:
        output.print_text(line)
    except BrokenPipeError:  # whoever waited for the address has gone; the shop serves on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
