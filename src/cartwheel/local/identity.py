"""Tokens of the embedded host: signed with the data folder's key, verified at the gateway."""

import contextlib
import json
import os
import secrets
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from cartwheel.kernel.caller import GROUPS, claims_as_text
from cartwheel.kernel.errors import Unauthorised
from cartwheel.kernel.settings import Settings

KEY_FILE: Final = "identity-key.pem"
SECRETS_FILE: Final = "secrets.json"
ISSUER: Final = "cartwheel"
AUDIENCE: Final = "cartwheel"
CHALLENGE: Final = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class Signer:
    """Signs and verifies with the key in the data folder; the first use makes it, readable by its owner alone."""

    def __init__(self, folder: Path) -> None:
        path = folder / KEY_FILE
        if not path.exists():
            _write_private(path, _new_key())
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError(f"{path} does not hold an RSA key")
        self._key = key

    def token(self, subject: str, groups: list[str], lifetime: int) -> str:
        """A token for `lifetime` seconds."""
        moment = int(time.time())
        claims: dict[str, Any] = {
            "sub": subject,
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": moment,
            "exp": moment + lifetime,
        }
        if groups:
            claims[GROUPS] = groups
        return jwt.encode(claims, self._key, algorithm="RS256")

    def verify(self, token: str) -> dict[str, str]:
        """The claims as API Gateway hands them on, all text. Raises Unauthorised."""
        try:
            claims = jwt.decode(
                token,
                self._key.public_key(),
                algorithms=["RS256"],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": ["exp", "sub"]},
            )
        except RecursionError:
            raise Unauthorised("The token is not valid: it is nested too deeply.", headers=CHALLENGE) from None
        except jwt.PyJWTError as error:
            raise Unauthorised(f"The token is not valid: {error}.", headers=CHALLENGE) from None
        return claims_as_text(claims)


def with_secrets(settings: Settings, folder: Path) -> Settings:
    """The settings with the shop's own secrets, made on first use, where none are set from outside."""
    path = folder / SECRETS_FILE
    if not path.exists():
        made = {"seal_key": secrets.token_hex(32), "webhook_secret": secrets.token_hex(32)}
        _write_private(path, json.dumps(made).encode())
    stored = json.loads(path.read_text())
    unset = {name: value for name, value in stored.items() if getattr(settings, name) == getattr(Settings, name)}
    return replace(settings, **unset)


def _new_key() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


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
