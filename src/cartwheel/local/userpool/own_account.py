"""What somebody who is signed in asks about their own account, with their access token."""

import sqlite3

from . import accounts, sign_ins
from .bodies import Changing, OfToken, Updating
from .database import forget
from .errors import DENIED, Refused
from .passwords import require_policy
from .pool import Answer, Pool, described, named


async def get_user(pool: Pool, asked: OfToken, client: str) -> Answer:
    account, _ = await pool.caller(asked.access_token)
    return {"Username": account.sub, "UserAttributes": described(account)}


async def update_user_attributes(pool: Pool, asked: Updating, client: str) -> Answer:
    """The names; not the address, which is what the account is found by."""
    account, _ = await pool.caller(asked.access_token)
    changed = account.attributes | named(asked.user_attributes)
    await pool.database.run(lambda connection: accounts.set_attributes(connection, account.sub, changed))
    return {}


async def change_password(pool: Pool, asked: Changing, client: str) -> Answer:
    """Ends every other sign-in."""
    account, claims = await pool.caller(asked.access_token)
    require_policy(asked.proposed_password)
    pool.limits.client(client)
    pool.limits.lockouts.attempt(account.email)
    if not await pool.hasher.verify(account.password, asked.previous_password):
        raise Refused(DENIED, "Incorrect username or password.")
    pool.limits.lockouts.succeeded(account.email)
    pool.limits.client_succeeded(client)
    hashed = await pool.hasher.hash(asked.proposed_password)

    def change(connection: sqlite3.Connection) -> None:
        accounts.set_password(connection, account.sub, hashed)
        sign_ins.end_all(connection, account.sub, but=claims["origin_jti"])

    await pool.database.run(change)
    return {}


async def global_sign_out(pool: Pool, asked: OfToken, client: str) -> Answer:
    """Ends every sign-in of the account, here with its access tokens."""
    account, _ = await pool.caller(asked.access_token)
    await pool.database.run(lambda connection: sign_ins.end_all(connection, account.sub))
    return {}


async def delete_user(pool: Pool, asked: OfToken, client: str) -> Answer:
    account, _ = await pool.caller(asked.access_token)
    await pool.database.run(lambda connection: accounts.delete(connection, account.sub))
    await pool.database.outside(forget)
    return {}
