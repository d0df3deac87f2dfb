"""What the pool writes to people, and what it tells the caller about it."""

import sqlite3
from typing import Any, Final

from cartwheel.local import mailbox

from . import codes
from .accounts import Account
from .codes import LIFETIME, Purpose

_HOURS: Final = {purpose: f"{seconds // 3600} h" for purpose, seconds in LIFETIME.items()}


def send_code(connection: sqlite3.Connection, purpose: Purpose, account: Account) -> None:
    """A new one, issued in the same transaction."""
    code = codes.issue(connection, account.sub, purpose)
    reason = "confirm your e-mail address" if purpose is Purpose.CONFIRM else "set a new password"
    subject = "Your confirmation code" if purpose is Purpose.CONFIRM else "Your code for a new password"
    text = (
        f"Your code to {reason}: {code}\n\n"
        f"It is valid for {_HOURS[purpose]}. If you have not asked for it, do nothing.\n"
    )
    mailbox.put(connection, f"code-{purpose.lower()}", account.email, (subject, text))


def send_known(connection: sqlite3.Connection, address: str) -> None:
    """To somebody whose address was used to sign up, who has an account already."""
    text = (
        "Somebody, probably you, wanted to sign up with this address, which has an account already.\n\n"
        "Sign in with your password; if you have forgotten it, ask for a new one. If it was not you, do nothing.\n"
    )
    mailbox.put(connection, "account-known", address, ("You have an account already", text))


def pretend(connection: sqlite3.Connection) -> None:
    """The work of a mail, without one: so that an answer takes as long for nobody."""
    mailbox.put(connection, "none", "", ("", ""))
    mailbox.discard(connection, "")


def delivery(address: str) -> dict[str, Any]:
    """CodeDeliveryDetails: where to look for the code, said only to who knows the address already."""
    local, _, domain = address.partition("@")
    return {"Destination": f"{local[:1]}***@{domain[:1]}***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}
