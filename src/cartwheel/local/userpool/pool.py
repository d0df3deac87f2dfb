"""What the pool's calls have in common: its parts, and how they find out who asks."""

import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from cartwheel.kernel.errors import Problem, Unauthorised
from cartwheel.kernel.identity import ATTRIBUTES, POST_CONFIRMATION
from cartwheel.local.identity import CLIENT_ID, POOL_ID, Signer

from . import accounts, mails, tokens
from .accounts import Account
from .bodies import Attribute, OfName
from .codes import Purpose
from .database import Database
from .errors import DENIED, INVALID, Refused
from .limits import Limits
from .passwords import Hasher
from .sign_ins import SignIn

Answer = dict[str, Any]


@dataclass
class Pool:
    """`trigger` hands an event of Cognito's form to the function that the map has for it, and raises a Problem when
    that fails; `wake` tells the postman of a mail; `refused_sign_in` counts.
    """

    database: Database
    signer: Signer
    trigger: Callable[[Answer], Awaitable[None]]
    wake: Callable[[], None]
    refused_sign_in: Callable[[], None]
    hasher: Hasher = field(default_factory=Hasher)
    limits: Limits = field(default_factory=Limits)

    async def account(self, name: str) -> Account | None:
        return await self.database.run(lambda connection: accounts.find(connection, name))

    async def caller(self, access_token: str) -> tuple[Account, dict[str, Any]]:
        """Whose access token it is, and its claims. Raises Refused, also for a sign-in or an account that has ended."""
        try:
            claims = self.signer.claims(access_token)
        except Unauthorised as wrong:
            raise Refused(DENIED, wrong.detail) from None
        if claims.get("token_use") != "access":
            raise Refused(DENIED, "Invalid Access Token")
        account = await self.account(claims["sub"])
        if account is None or not account.enabled:
            raise Refused("UserNotFoundException", "User does not exist.")
        return account, claims

    async def mail_code(self, asked: OfName, client: str, purpose: Purpose, wants: Callable[[Account], bool]) -> Answer:
        """A code by mail to an account that wants one. The answer is the same, and takes as long, for nobody."""
        require_client(asked.client_id)
        self.limits.client(client)
        name = asked.username.lower()
        self.limits.mail(name)
        await self.database.run(lambda connection: _mail_code(connection, name, purpose, wants))
        self.wake()
        return {"CodeDeliveryDetails": mails.delivery(name)}

    async def register(self, account: Account) -> None:
        """Tell the shop of a confirmed account, unless it knows. Raises Refused when it does not take it: then whatever
        the account asks for next tells it again.
        """
        if account.registered:
            return
        event = {
            "version": "1",
            "triggerSource": POST_CONFIRMATION,
            "userPoolId": POOL_ID,
            "userName": account.sub,
            "callerContext": {"clientId": CLIENT_ID},
            "request": {"userAttributes": account.all_attributes | {"email_verified": "true"}},
            "response": {},
        }
        try:
            await self.trigger(event)
        except Problem:
            text = "PostConfirmation failed: the shop could not take the account; try again in a moment."
            raise Refused("UserLambdaValidationException", text) from None
        await self.database.run(lambda connection: accounts.is_registered(connection, account.sub))

    def tokens(self, connection: sqlite3.Connection, account: Account, sign_in: SignIn) -> Answer:
        return tokens.issue(self.signer, account, accounts.groups(connection, account.sub), sign_in)


def _mail_code(connection: sqlite3.Connection, name: str, purpose: Purpose, wants: Callable[[Account], bool]) -> None:
    account = accounts.find(connection, name)
    if account and wants(account):
        mails.send_code(connection, purpose, account)
    else:
        mails.pretend(connection)


def require_client(client_id: str) -> None:
    """Raises Refused for any but the pool's one client."""
    if client_id != CLIENT_ID:
        raise Refused("ResourceNotFoundException", f"User pool client {client_id[:128]} does not exist.")


def named(attributes: list[Attribute], *others: str) -> dict[str, str]:
    """By their names. Raises Refused for one that accounts do not have here."""
    for each in attributes:
        if each.name not in (*ATTRIBUTES, *others):
            raise Refused(INVALID, f"Attributes did not conform to the schema: {each.name} is not one of them")
    return {each.name: each.value for each in attributes}


def described(account: Account) -> list[dict[str, str]]:
    """The attributes, as Cognito lists them."""
    return [{"Name": name, "Value": value} for name, value in account.all_attributes.items()]
