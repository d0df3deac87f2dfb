"""Signing in, and going on without the password."""

import sqlite3
from typing import Final

from . import accounts, sign_ins
from .accounts import Account
from .bodies import Revoking, SigningIn
from .errors import DENIED, INVALID, Refused, wrong_credentials
from .pool import Answer, Pool, require_client

MOST_PASSWORD: Final = 256  # characters; longer ones are nobody's


async def initiate_auth(pool: Pool, asked: SigningIn, client: str) -> Answer:
    """Tokens for a password, or for a refresh token."""
    require_client(asked.client_id)
    match asked.auth_flow:
        case "USER_PASSWORD_AUTH":
            try:
                return await _by_password(pool, _need(asked, "USERNAME").lower(), _need(asked, "PASSWORD"), client)
            except Refused:
                pool.refused_sign_in()
                raise
        case "REFRESH_TOKEN_AUTH" | "REFRESH_TOKEN":
            return await _by_refresh_token(pool, _need(asked, "REFRESH_TOKEN"))
    raise Refused(INVALID, "Here one signs in with USER_PASSWORD_AUTH or REFRESH_TOKEN_AUTH.")


def _need(asked: SigningIn, name: str) -> str:
    if not asked.auth_parameters.get(name):
        raise Refused(INVALID, f"Missing required parameter {name}")
    return asked.auth_parameters[name]


async def _by_password(pool: Pool, name: str, password: str, client: str) -> Answer:
    pool.limits.client(client)
    pool.limits.lockouts.attempt(name)
    if len(password) > MOST_PASSWORD:
        raise wrong_credentials()
    account = await pool.account(name)
    if not await pool.hasher.verify(account.password if account else None, password) or account is None:
        raise wrong_credentials()
    pool.limits.lockouts.succeeded(name)
    pool.limits.client_succeeded(client)
    if not account.enabled:
        raise Refused(DENIED, "User is disabled.")
    if not account.confirmed:
        raise Refused("UserNotConfirmedException", "User is not confirmed.")
    await pool.register(account)
    return await pool.database.run(lambda connection: _start(pool, connection, account))


def _start(pool: Pool, connection: sqlite3.Connection, checked: Account) -> Answer | Refused:
    """Unless the account was changed while its password was checked."""
    account = accounts.find(connection, checked.sub)
    if account is None or not account.enabled or account.password != checked.password:
        return wrong_credentials()
    sign_in, refresh = sign_ins.start(connection, account.sub)
    result = pool.tokens(connection, account, sign_in) | {"RefreshToken": refresh}
    return {"ChallengeParameters": {}, "AuthenticationResult": result}


async def _by_refresh_token(pool: Pool, refresh: str) -> Answer:
    return await pool.database.run(lambda connection: _refresh(pool, connection, refresh))


def _refresh(pool: Pool, connection: sqlite3.Connection, refresh: str) -> Answer | Refused:
    sign_in = sign_ins.find(connection, refresh)
    account = accounts.find(connection, sign_in.sub) if sign_in else None
    if sign_in is None or account is None or not account.enabled:
        return Refused(DENIED, "Invalid Refresh Token")
    return {"ChallengeParameters": {}, "AuthenticationResult": pool.tokens(connection, account, sign_in)}


async def revoke_token(pool: Pool, asked: Revoking, client: str) -> Answer:
    """Ends the sign-in that the refresh token belongs to, here with its access tokens; nothing when it has ended."""
    require_client(asked.client_id)
    if asked.token.count(".") == 2:
        raise Refused("UnsupportedTokenTypeException", "Only refresh tokens can be revoked.")
    await pool.database.run(lambda connection: _revoke(connection, asked.token))
    return {}


def _revoke(connection: sqlite3.Connection, refresh: str) -> None:
    if sign_in := sign_ins.find(connection, refresh):
        sign_ins.end(connection, sign_in.origin_jti)
