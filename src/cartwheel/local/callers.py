"""Who asks the host itself, past the gateway: by the token of the request alone."""

from cartwheel.kernel.caller import Caller
from cartwheel.kernel.errors import Forbidden, Unauthorised

from .gateway import HttpRequest
from .identity import Signer


def caller_of(signer: Signer, request: HttpRequest) -> Caller:
    """Raises Unauthorised without a good token."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorised("Send a staff token: Authorization: Bearer <token>.")
    claims = signer.verify(token.strip())
    return Caller.of_claims(claims)


def require_staff(signer: Signer, request: HttpRequest) -> Caller:
    """Who of staff it is. Raises Unauthorised without a good token, Forbidden for anybody else's."""
    caller = caller_of(signer, request)
    if not caller.is_staff:
        raise Forbidden("Only staff may do this.")
    return caller
