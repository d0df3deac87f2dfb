"""`cartwheel users`: who of those that have an account is staff, and who is admin."""

from enum import StrEnum
from typing import Annotated, Final

import typer

from cartwheel.cli import output
from cartwheel.cli.options import DATA, Data, Json

POOL: Final = "local_cartwheel"


class Group(StrEnum):
    STAFF = "staff"
    ADMIN = "admin"


Who = Annotated[str, typer.Argument(metavar="EMAIL", help="The address they signed up with.")]
Which = Annotated[Group, typer.Option(help="What they may do: all that staff may, or that and what is for admins.")]

app = typer.Typer(no_args_is_help=True, help="Who is staff, and who is admin.")


@app.command("show")
def show(email: Who, data: Data = DATA, as_json: Json = False) -> None:
    """Show an account and its groups.

    Example: cartwheel users show ann@example.com
    """
    from cartwheel.cli.client import Client

    with Client(data) as shop:
        account = shop.users("AdminGetUser", UserPoolId=POOL, Username=email)
        found = shop.users("AdminListGroupsForUser", UserPoolId=POOL, Username=email)["Groups"]
    groups = sorted(group["GroupName"] for group in found)
    state = account["UserStatus"] if account["Enabled"] else "DISABLED"
    if as_json:
        output.print_json({"email": email, "subject": account["Username"], "state": state, "groups": groups})
        return
    output.print_fact("email", email)
    output.print_fact("subject", account["Username"])
    output.print_fact("state", state)
    output.print_fact("groups", ", ".join(groups) or "none: a customer")


@app.command("grant")
def grant(email: Who, group: Which, data: Data = DATA, as_json: Json = False) -> None:
    """Put somebody into a group; this is how a shop gets its first admin.

    It counts from their next sign-in or refresh on, since tokens name the groups.

    Example: cartwheel users grant ann@example.com --group admin
    """
    _change("AdminAddUserToGroup", email, group, data)
    _tell(email, group, True, as_json, f"{email} is in the group {group.value} from the next sign-in on.")


@app.command("revoke")
def revoke(email: Who, group: Which, data: Data = DATA, as_json: Json = False) -> None:
    """Take somebody out of a group, at once: every sign-in of theirs ends.

    Example: cartwheel users revoke ann@example.com --group staff
    """
    _change("AdminRemoveUserFromGroup", email, group, data)
    _tell(email, group, False, as_json, f"{email} is not in the group {group.value}, and must sign in again.")


def _change(operation: str, email: str, group: Group, data: Data) -> None:
    from cartwheel.cli.client import Client

    with Client(data) as shop:
        shop.users(operation, UserPoolId=POOL, Username=email, GroupName=group.value)


def _tell(email: str, group: Group, member: bool, as_json: bool, text: str) -> None:
    if as_json:
        output.print_json({"email": email, "group": group.value, "member": member})
    else:
        output.print_text(text)
