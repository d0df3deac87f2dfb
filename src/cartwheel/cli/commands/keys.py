"""`cartwheel keys`: those that the shop signs tokens with."""

from typing import Annotated

import typer

from cartwheel.cli import output
from cartwheel.cli.errors import CliError, how_to_start
from cartwheel.cli.options import DATA, Data, Json

app = typer.Typer(no_args_is_help=True, help="The keys that tokens are signed with.")


@app.callback()  # without one, typer would make the only command the app itself
def keys() -> None: ...


@app.command("rotate")
def rotate(
    revoke: Annotated[bool, typer.Option("--revoke", help="Refuse every token so far: after a leak.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Sign new tokens with a new key.

    Tokens of the old keys stay valid until they expire. A running shop takes the
    new key at once; by itself it makes one every 90 days.

    Example: cartwheel keys rotate
    """
    from cartwheel.local.userpool.keys import KeyRing

    if not data.is_dir():
        raise CliError(f"There is no shop in {data}; make one with {how_to_start(data)}.")
    ring = KeyRing(data)
    made = ring.revoke() if revoke else ring.rotate()
    if as_json:
        output.print_json({"kid": made.kid, "keys": [key.kid for key in ring.all()]})
    else:
        output.print_text(f"Tokens are signed with the key {made.kid}; {len(ring.all()) - 1} older ones still verify.")
