"""Options that many commands share."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path, typer.Option("--data", envvar="CARTWHEEL_DATA", file_okay=False, help="The data folder of the shop.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else, for programs.")]

DATA = Path(".cartwheel")
