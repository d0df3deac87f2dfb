"""Tokens of the embedded host: signed with the data folder's keys, verified at the gateway.

A token says the same as one of Cognito's: `iss` and `client_id` (an id token: `aud`) are the pool's and its client's.
The issuer has no port, since tokens outlive the address that a host listens on.
"""

import contextlib
import json
import os
import secrets
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import jwt

from cartwheel.kernel.caller import GROUPS, claims_as_text
from cartwheel.kernel.errors import Unauthorised
from cartwheel.kernel.identity import token_fault
from cartwheel.kernel.settings import Settings

from .userpool.keys import KeyRing

SECRETS_FILE: Final = "secrets.json"
POOL_ID: Final = "local_cartwheel"
CLIENT_ID: Final = "cartwheel"
ISSUER: Final = f"http://cartwheel.localhost/{POOL_ID}"
SCOPE: Final = "aws.cognito.signin.user.admin"
CHALLENGE: Final = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class Signer:
    """Signs and verifies with the keys in the data folder. `is_ended` knows the sign-ins that are over before their
    tokens are.
    """

    def __init__(self, folder: Path, is_ended: Callable[[str], bool] = lambda _: False) -> None:
        self.ring = KeyRing(folder)
        self.is_ended = is_ended
        self.ring.all()  # the first use makes one

    def token(self, subject: str, groups: list[str], lifetime: int) -> str:
        """An access token of a sign-in that nobody made, for `lifetime` seconds."""
        claims: dict[str, Any] = {
            "sub": subject,
            "origin_jti": str(uuid.uuid4()),
            "event_id": str(uuid.uuid4()),
            "auth_time": int(time.time()),
        }
        if groups:
            claims[GROUPS] = groups
        return self.access_token(claims, lifetime)

    def access_token(self, claims: dict[str, Any], lifetime: int) -> str:
        """A token that is valid at the gateway and at the pool, for `lifetime` seconds."""
        own = {"client_id": CLIENT_ID, "token_use": "access", "scope": SCOPE, "username": claims["sub"]}
        return self.sign(claims | own, lifetime)

    def sign(self, claims: dict[str, Any], lifetime: int) -> str:
        """A token with the claims that every one has."""
        now = int(time.time())
        key = self.ring.signing(now + lifetime)
        every = {"iss": ISSUER, "iat": now, "exp": now + lifetime, "jti": str(uuid.uuid4())}
        return jwt.encode(claims | every, key.private, algorithm="RS256", headers={"kid": key.kid})

    def verify(self, token: str) -> dict[str, str]:
        """The claims as API Gateway hands them on, all text. Raises Unauthorised."""
        return claims_as_text(self.claims(token))

    def claims(self, token: str) -> dict[str, Any]:
        """The claims of a token that is ours, in time, for our client, and of a sign-in that goes on. Raises
        Unauthorised.
        """
        try:
            claims = self._verified(token)
        except RecursionError:
            raise _invalid("it is nested too deeply") from None
        except jwt.PyJWTError as error:
            raise _invalid(str(error)) from None
        if fault := token_fault(claims, CLIENT_ID):
            raise _invalid(fault)
        if self.is_ended(str(claims.get("origin_jti"))):
            raise _invalid("it has been revoked")
        return claims

    def _verified(self, token: str) -> dict[str, Any]:
        key = self.ring.find(jwt.get_unverified_header(token).get("kid"))
        if key is None:
            raise jwt.InvalidKeyError("it is signed with a key that is not its issuer's")
        return jwt.decode(
            token,
            key.private.public_key(),
            algorithms=["RS256"],
            issuer=ISSUER,
            options={"require": ["exp", "iss", "sub"], "verify_aud": False},  # see token_fault
        )


def _invalid(reason: str) -> Unauthorised:
    return Unauthorised(f"The token is not valid: {reason}.", headers=CHALLENGE)


def with_secrets(settings: Settings, folder: Path) -> Settings:
    """The settings with the shop's own secrets, made on first use, where none are set from outside."""
    path = folder / SECRETS_FILE
    if not path.exists():
        made = {"seal_key": secrets.token_hex(32), "webhook_secret": secrets.token_hex(32)}
        _write_private(path, json.dumps(made).encode())
    stored = json.loads(path.read_text())
    unset = {name: value for name, value in stored.items() if getattr(settings, name) == getattr(Settings, name)}
    return replace(settings, **unset)


def _write_private(path: Path, content: bytes) -> None:
    """Whole or not at all, and of several writers the first wins: written aside, then given its name."""
    handle, aside = tempfile.mkstemp(dir=path.parent)  # for its owner alone
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(aside, path)
    os.unlink(aside)
