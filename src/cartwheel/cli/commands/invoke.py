"""`cartwheel invoke`."""

from pathlib import Path
from typing import Annotated

import typer

from cartwheel.cli import output
from cartwheel.cli.errors import CliError
from cartwheel.cli.options import DATA, Data


def invoke(
    function: Annotated[str, typer.Argument(metavar="FUNCTION", help="The function's name, such as EventPublisher.")],
    payload: Annotated[str, typer.Option(metavar="JSON|@FILE", help="What it is given; @ names a file.")] = "{}",
    data: Data = DATA,
) -> None:
    """Call a function by its name, and print its answer as JSON.

    It is Lambda's own call, which the AWS command line makes as well.

    Example: cartwheel invoke EventPublisher --payload @order.json
    """
    from cartwheel.cli.client import Client

    content = _read(payload[1:]) if payload.startswith("@") else payload.encode()
    with Client(data) as shop:
        output.print_json(shop.invoke(function, content))


def _read(name: str) -> bytes:
    path = Path(name)
    if not path.is_file():
        raise CliError(f"There is no file {name}; --payload takes JSON, or @ and the name of a file with JSON.")
    return path.read_bytes()
