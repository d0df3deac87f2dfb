"""A forgotten password: a code by mail, and a new one with it. The answers are the same for nobody."""

import sqlite3

from . import accounts, codes, sign_ins
from .bodies import OfName, Resetting
from .codes import Purpose
from .errors import Refused, wrong_code
from .passwords import require_policy
from .pool import Answer, Pool, require_client


async def forgot_password(pool: Pool, asked: OfName, client: str) -> Answer:
    return await pool.mail_code(asked, client, Purpose.RESET, lambda account: account.confirmed and account.enabled)


async def confirm_forgot_password(pool: Pool, asked: Resetting, client: str) -> Answer:
    """The new password ends every sign-in that the old one began."""
    require_client(asked.client_id)
    pool.limits.client(client)
    require_policy(asked.password)
    name = asked.username.lower()
    pool.limits.guess(name)
    hashed = await pool.hasher.hash(asked.password)
    await pool.database.run(lambda connection: _reset(connection, name, asked.confirmation_code, hashed))
    pool.limits.lockouts.succeeded(name)
    pool.limits.client_succeeded(client)
    return {}


def _reset(connection: sqlite3.Connection, name: str, code: str, hashed: str) -> Refused | None:
    account = accounts.find(connection, name)
    if account is None or not account.confirmed or not account.enabled:
        return wrong_code()
    if refused := codes.check(connection, account.sub, Purpose.RESET, code):
        return refused
    codes.discard(connection, account.sub, Purpose.RESET)
    accounts.set_password(connection, account.sub, hashed)
    sign_ins.end_all(connection, account.sub)
    return None
