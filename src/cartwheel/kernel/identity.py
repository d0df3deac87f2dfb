"""The user pool: what both hosts demand of those who sign up, and the port `Users`, which slices reach it by.

A function declares the access `identity` to use the port.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

from .store import AccessDenied

IDENTITY: Final = "identity"

GROUPS: Final = ("staff", "admin")
MIN_PASSWORD: Final = 12  # characters, among them lower case, upper case, a digit and a symbol
ATTRIBUTES: Final = ("name", "given_name", "family_name")  # that accounts may have beside the address
TOKEN_LIFETIME: Final = timedelta(hours=1)
SIGN_IN_LIFETIME: Final = timedelta(days=30)

POST_CONFIRMATION: Final = "PostConfirmation_ConfirmSignUp"  # Cognito's name of what a trigger is called for


def token_fault(claims: dict[str, Any], client: str) -> str | None:
    """Why a token with these claims, which its issuer has signed, lets nobody in: as API Gateway's JWT authorizer sees
    it. Cognito's id tokens have an `aud`; its access tokens have a `client_id` instead.
    """
    told = claims["aud"] if "aud" in claims else claims.get("client_id")
    if client not in (told if isinstance(told, list) else [told]):
        return "it is for somebody else"
    if claims.get("token_use", "access") not in ("access", "id"):
        return "it is not a token for access"
    return None


class Users(Protocol):
    """The accounts of those who can sign in. The subject of their tokens names them."""

    def delete(self, subject: str) -> None:
        """End the account and every sign-in of it; nothing when there is none. Raises AccessDenied, and the adapter's
        errors when the pool cannot be reached: then call again.
        """


@dataclass(frozen=True, slots=True)
class NoUsers:
    """What a function has that does not declare `identity`."""

    function: str = "this function"

    def delete(self, subject: str) -> None:
        raise AccessDenied(f"{self.function} has not declared {IDENTITY!r} in the map")
