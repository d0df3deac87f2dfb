"""`cartwheel token`: who has the data folder may act as anybody."""

from enum import StrEnum
from typing import Annotated

import typer

from cartwheel.cli import output
from cartwheel.cli.errors import CliError, how_to_start
from cartwheel.cli.options import DATA, Data, Json


class Role(StrEnum):
    STAFF = "staff"
    ADMIN = "admin"
    CUSTOMER = "customer"
    SCRAPER = "scraper"  # may read /metrics and nothing else


def token(
    role: Annotated[Role, typer.Option(help="What the token allows.")],
    subject: Annotated[str | None, typer.Option(help="Whose token it is; the role's name if not given.")] = None,
    minutes: Annotated[int, typer.Option(min=1, max=525_600, help="How long it is valid.")] = 60,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Print a token for the shop's API.

    It is signed with the key in the data folder; the shop need not be running.

    Example: cartwheel token --role customer --subject alice --minutes 10
    """
    from cartwheel.local.identity import Signer

    if not data.is_dir():
        raise CliError(f"There is no shop in {data}; make one with {how_to_start(data)}.")
    whose = subject or role.value
    signed = Signer(data).token(whose, [] if role is Role.CUSTOMER else [role.value], minutes * 60)
    if as_json:
        output.print_json({"token": signed, "role": role.value, "subject": whose, "minutes": minutes})
    else:
        output.print_text(signed)
