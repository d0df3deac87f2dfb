"""The tokens of the pool, in the form of Cognito's."""

import uuid
from typing import Any, Final

from cartwheel.kernel.caller import GROUPS
from cartwheel.kernel.identity import TOKEN_LIFETIME
from cartwheel.local.identity import CLIENT_ID, Signer

from .accounts import Account
from .sign_ins import SignIn

SECONDS: Final = int(TOKEN_LIFETIME.total_seconds())


def issue(signer: Signer, account: Account, groups: list[str], sign_in: SignIn) -> dict[str, Any]:
    """Access and id token, as an AuthenticationResult has them."""
    common: dict[str, Any] = {
        "sub": account.sub,
        "origin_jti": sign_in.origin_jti,
        "event_id": str(uuid.uuid4()),
        "auth_time": sign_in.auth_time,
    }
    if groups:
        common[GROUPS] = groups
    known = {name: value for name, value in account.all_attributes.items() if name != "sub"}
    identity = common | known | {"email_verified": account.confirmed, "cognito:username": account.sub}
    return {
        "AccessToken": signer.access_token(common, SECONDS),
        "IdToken": signer.sign(identity | {"aud": CLIENT_ID, "token_use": "id"}, SECONDS),
        "ExpiresIn": SECONDS,
        "TokenType": "Bearer",
    }
