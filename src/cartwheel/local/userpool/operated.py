"""What operators ask about any account."""

import sqlite3
from collections.abc import Callable

from cartwheel.kernel.identity import GROUPS
from cartwheel.local.identity import POOL_ID

from . import accounts, sign_ins
from .accounts import Account
from .bodies import OfAccount, OfMember, OfPool
from .database import forget
from .errors import Refused
from .pool import Answer, Pool, described


async def get_user(pool: Pool, asked: OfAccount) -> Answer:
    account = await _account(pool, asked)
    return {
        "Username": account.sub,
        "UserAttributes": described(account),
        "UserCreateDate": account.created_at,
        "UserLastModifiedDate": account.changed_at,
        "Enabled": account.enabled,
        "UserStatus": account.status,
    }


async def join_group(pool: Pool, asked: OfMember) -> Answer:
    """From the next token on."""
    _require_group(asked.group_name)
    return await _change(pool, asked, lambda connection, sub: accounts.join(connection, sub, asked.group_name))


async def leave_group(pool: Pool, asked: OfMember) -> Answer:
    """At once: whoever has more rights than they should must sign in again."""
    _require_group(asked.group_name)

    def leave(connection: sqlite3.Connection, sub: str) -> None:
        accounts.leave(connection, sub, asked.group_name)
        sign_ins.end_all(connection, sub)

    return await _change(pool, asked, leave)


async def list_groups(pool: Pool, asked: OfAccount) -> Answer:
    account = await _account(pool, asked)
    names = await pool.database.run(lambda connection: accounts.groups(connection, account.sub))
    return {"Groups": [{"GroupName": name, "UserPoolId": POOL_ID} for name in names]}


async def disable(pool: Pool, asked: OfAccount) -> Answer:
    def end(connection: sqlite3.Connection, sub: str) -> None:
        accounts.set_enabled(connection, sub, False)
        sign_ins.end_all(connection, sub)

    return await _change(pool, asked, end)


async def enable(pool: Pool, asked: OfAccount) -> Answer:
    return await _change(pool, asked, lambda connection, sub: accounts.set_enabled(connection, sub, True))


async def sign_out(pool: Pool, asked: OfAccount) -> Answer:
    return await _change(pool, asked, sign_ins.end_all)


async def delete(pool: Pool, asked: OfAccount) -> Answer:
    await _change(pool, asked, accounts.delete)
    await pool.database.outside(forget)
    return {}


async def _change(pool: Pool, asked: OfAccount, change: Callable[[sqlite3.Connection, str], None]) -> Answer:
    account = await _account(pool, asked)
    await pool.database.run(lambda connection: change(connection, account.sub))
    return {}


async def _account(pool: Pool, asked: OfAccount) -> Account:
    _require_pool(asked)
    account = await pool.account(asked.username)
    if account is None:
        raise Refused("UserNotFoundException", "User does not exist.")
    return account


def _require_pool(asked: OfPool) -> None:
    if asked.user_pool_id != POOL_ID:
        raise Refused("ResourceNotFoundException", f"User pool {asked.user_pool_id[:55]} does not exist.")


def _require_group(name: str) -> None:
    if name not in GROUPS:
        raise Refused("ResourceNotFoundException", f"Group not found; there are {' and '.join(GROUPS)}.")
