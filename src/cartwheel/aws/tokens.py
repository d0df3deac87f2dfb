"""Tokens on open routes: verified as API Gateway's JWT authorizer verifies them on the others."""

import json
import os
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.request import urlopen

import jwt
from jwt.types import Options

from cartwheel.kernel import telemetry
from cartwheel.kernel.caller import claims_as_text
from cartwheel.kernel.errors import Busy, Unauthorised
from cartwheel.kernel.identity import token_fault

from .rs256 import RS256, PublicKey

CHALLENGE: Final = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
PATIENCE: Final = 2.0  # seconds for an answer of the issuer
REFRESH: Final = 60.0  # seconds between two looks for a key that was not there
# PyJWT checks the claims with its own algorithms' signatures or, as here, after the signature was found good.
CLAIMS: Final[Options] = {
    "verify_signature": False,
    "verify_exp": True,
    "verify_nbf": True,
    "verify_iat": True,
    "verify_iss": True,
    "verify_aud": False,  # see token_fault
    "require": ["exp", "iss", "sub"],
}

Keys = dict[str, PublicKey]


def key_url(issuer: str) -> str:
    """Where the issuer's keys are: below its own URL, or at the emulator that AWS_ENDPOINT_URL names."""
    emulator = os.environ.get("AWS_ENDPOINT_URL", "").rstrip("/")
    base = f"{emulator}/{issuer.rpartition('/')[2]}" if emulator else issuer
    return f"{base}/.well-known/jwks.json"


def fetch(url: str) -> Keys:
    """The keys of the JWKS by their ids, without those that are for something else. Raises OSError, ValueError."""
    with urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310 - the URL is the deployment's own
        document = json.load(answer)
    if not isinstance(document, dict):
        raise ValueError("not a JWKS")
    keys: Keys = {}
    for jwk in document.get("keys", []):
        try:
            keys[jwk["kid"]] = PublicKey.of(jwk)
        except (ValueError, KeyError, TypeError, AttributeError):
            telemetry.info("a key of the issuer is of no use here")
    return keys


class Verifier:
    """Verifies the tokens of one issuer for one audience. The issuer's keys are fetched when they are first needed."""

    def __init__(self, issuer: str, audience: str, url: str, fetch: Callable[[str], Keys] = fetch) -> None:
        self._issuer = issuer
        self._audience = audience
        self._url = url
        self._fetch = fetch
        self._keys: Keys = {}
        self._asked_at = -REFRESH
        self._jws = jwt.PyJWS(algorithms=[])
        self._jws.register_algorithm("RS256", RS256())

    def verify(self, token: str) -> dict[str, str]:
        """The claims as API Gateway hands them on. Raises Unauthorised, and Busy when the keys cannot be fetched."""
        try:
            return claims_as_text(self._claims(token))
        except RecursionError:
            raise Unauthorised("The token is not valid: it is nested too deeply.", headers=CHALLENGE) from None
        except jwt.PyJWTError as error:
            raise Unauthorised(f"The token is not valid: {error}.", headers=CHALLENGE) from None

    def _claims(self, token: str) -> dict[str, Any]:
        key = self._key(self._jws.get_unverified_header(token).get("kid"))
        self._jws.decode(token, key, algorithms=["RS256"])  # type: ignore[arg-type]  # a key for our own algorithm
        claims = jwt.decode(token, issuer=self._issuer, options=CLAIMS)
        if fault := token_fault(claims, self._audience):
            raise jwt.InvalidTokenError(fault)
        return claims

    def _key(self, key_id: str | None) -> PublicKey:
        """An id that is not known may be a new one's; but made-up ids shall not keep us asking the issuer."""
        if key_id not in self._keys and time.monotonic() - self._asked_at >= REFRESH:
            self._refresh()
        if key_id not in self._keys:
            raise jwt.InvalidKeyError("it is signed with a key that is not its issuer's")
        return self._keys[key_id]

    def _refresh(self) -> None:
        if self._keys:  # as long as there are none, every caller may try
            self._asked_at = time.monotonic()
        try:
            self._keys = self._fetch(self._url)
        except (OSError, ValueError) as error:
            telemetry.error("the issuer's keys cannot be fetched", error=type(error).__name__)
            raise Busy("Tokens cannot be checked at this moment; try again, or without one.") from None
        self._asked_at = time.monotonic()
