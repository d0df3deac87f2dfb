"""What the command line tells when it cannot do what was asked."""

import shlex
from pathlib import Path

import typer

from .options import DATA


class CliError(typer.TyperException):
    """One line that says what is wrong and what to do about it; the command ends with exit code 1."""


def how_to_start(folder: Path) -> str:
    """The command that starts a shop on the folder."""
    return "`cartwheel up`" if folder == DATA else f"`cartwheel up --data {shlex.quote(str(folder))}`"
