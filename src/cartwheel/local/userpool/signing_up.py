"""Signing up and confirming the address.

Whether an address has an account already is told to its owner alone, by mail: to the caller the answer is the same, and
takes as long. (Cognito would say UsernameExistsException.)

    SignUp ──► account, not confirmed ──► ConfirmSignUp ──► confirmed ──► the shop is told ──► registered
                  │ again: another account, another code        │ it was not: so does the next try, or sign-in
"""

import sqlite3

from pydantic import TypeAdapter, ValidationError

from cartwheel.kernel.schema import Email

from . import accounts, codes, mails
from .accounts import Account
from .bodies import Confirming, OfName, SigningUp
from .codes import Purpose
from .errors import INVALID, Refused, wrong_code
from .passwords import require_policy
from .pool import Answer, Pool, named, require_client

_ADDRESS: TypeAdapter[str] = TypeAdapter(Email)


async def sign_up(pool: Pool, asked: SigningUp, client: str) -> Answer:
    """An account that waits for its address to be confirmed, or for who has one a mail that says so."""
    require_client(asked.client_id)
    pool.limits.client(client)
    email, attributes = _address(asked.username), named(asked.user_attributes, "email")
    if attributes.pop("email", email).lower() != email:
        raise Refused(INVALID, "The attribute email must be the username.")
    require_policy(asked.password)
    pool.limits.mail(email)
    account = Account.new(email, await pool.hasher.hash(asked.password), attributes)
    await pool.database.run(lambda connection: _add(connection, account))
    pool.wake()
    return {"UserConfirmed": False, "UserSub": account.sub, "CodeDeliveryDetails": mails.delivery(email)}


def _add(connection: sqlite3.Connection, account: Account) -> None:
    """The newest sign-up counts: nobody can lay a password under an address before its owner comes."""
    known = accounts.find(connection, account.email)
    if known and known.confirmed:
        mails.send_known(connection, account.email)
        return
    accounts.add(connection, account)
    mails.send_code(connection, Purpose.CONFIRM, account)


async def confirm_sign_up(pool: Pool, asked: Confirming, client: str) -> Answer:
    """With the right code it can be repeated: after a lost answer, or when the shop did not take the account."""
    require_client(asked.client_id)
    pool.limits.client(client)
    name = asked.username.lower()
    pool.limits.guess(name)
    account = await pool.database.run(lambda connection: _confirm(connection, name, asked.confirmation_code))
    await pool.register(account)
    pool.limits.client_succeeded(client)
    return {}


def _confirm(connection: sqlite3.Connection, name: str, code: str) -> Account | Refused:
    account = accounts.find(connection, name)
    if account is None:
        return wrong_code()
    if refused := codes.check(connection, account.sub, Purpose.CONFIRM, code):
        return refused
    accounts.confirm(connection, account.sub)
    return account


async def resend_code(pool: Pool, asked: OfName, client: str) -> Answer:
    """Another code, for an address that waits to be confirmed."""
    return await pool.mail_code(asked, client, Purpose.CONFIRM, lambda account: not account.confirmed)


def _address(username: str) -> str:
    """In lower case: the pool tells no cases apart. Raises Refused."""
    try:
        return _ADDRESS.validate_python(username).lower()
    except ValidationError:
        raise Refused(INVALID, "Username should be an email.") from None
