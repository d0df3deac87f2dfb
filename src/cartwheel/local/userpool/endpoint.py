"""The pool over HTTP: `POST /` with `X-Amz-Target`, as Cognito's clients send it, and its keys for who verifies."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from pydantic import ValidationError

from cartwheel.kernel.caller import Caller
from cartwheel.kernel.errors import NotFound, TooManyRequests, Unauthorised
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.staff import Act
from cartwheel.kernel.throttle import Pace
from cartwheel.local.gateway import HttpAnswer, HttpRequest
from cartwheel.local.identity import ISSUER, POOL_ID, Signer

from . import bodies, forgotten, operated, own_account, signing_in, signing_up
from .bodies import Body
from .errors import BUSY, INVALID, Refused
from .pool import Answer, Pool

Call = tuple[type[Body], Callable[..., Awaitable[Answer]]]
Tell = Callable[[Act], Awaitable[Any]]
Admit = Callable[[HttpRequest, str | None, Pace | None], None]

TARGET: Final = "AWSCognitoIdentityProviderService."
TYPE: Final = "application/x-amz-json-1.1"
MOST_BYTES: Final = 64 * 1024

OPEN: Final[dict[str, Call]] = {
    "SignUp": (bodies.SigningUp, signing_up.sign_up),
    "ConfirmSignUp": (bodies.Confirming, signing_up.confirm_sign_up),
    "ResendConfirmationCode": (bodies.OfName, signing_up.resend_code),
    "InitiateAuth": (bodies.SigningIn, signing_in.initiate_auth),
    "RevokeToken": (bodies.Revoking, signing_in.revoke_token),
    "ForgotPassword": (bodies.OfName, forgotten.forgot_password),
    "ConfirmForgotPassword": (bodies.Resetting, forgotten.confirm_forgot_password),
    "GetUser": (bodies.OfToken, own_account.get_user),
    "UpdateUserAttributes": (bodies.Updating, own_account.update_user_attributes),
    "ChangePassword": (bodies.Changing, own_account.change_password),
    "GlobalSignOut": (bodies.OfToken, own_account.global_sign_out),
    "DeleteUser": (bodies.OfToken, own_account.delete_user),
}
OPERATORS: Final[dict[str, Call]] = {
    "AdminGetUser": (bodies.OfAccount, operated.get_user),
    "AdminAddUserToGroup": (bodies.OfMember, operated.join_group),
    "AdminRemoveUserFromGroup": (bodies.OfMember, operated.leave_group),
    "AdminListGroupsForUser": (bodies.OfAccount, operated.list_groups),
    "AdminDisableUser": (bodies.OfAccount, operated.disable),
    "AdminEnableUser": (bodies.OfAccount, operated.enable),
    "AdminUserGlobalSignOut": (bodies.OfAccount, operated.sign_out),
    "AdminDeleteUser": (bodies.OfAccount, operated.delete),
}


@dataclass
class Endpoint:
    """`admit` counts a request for its client, and raises TooManyRequests; `tell` is told what operators do; `report`,
    what failed for a reason of the host's own.
    """

    WELL_KNOWN: ClassVar[str] = f"/{POOL_ID}/.well-known/"

    pool: Pool
    signer: Signer
    admit: Admit
    tell: Tell
    report: Callable[[str, str], None]

    @staticmethod
    def is_asked(request: HttpRequest) -> bool:
        named = request.headers.get("x-amz-target", "").startswith(TARGET)
        return (request.method == "POST" and request.path == "/" and named) or request.path.startswith(
            Endpoint.WELL_KNOWN
        )

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        """Every refusal of a call is an answer in Cognito's form. Raises NotFound for another document."""
        if request.path.startswith(self.WELL_KNOWN):
            self.admit(request, None, None)
            return self._document(request)
        operation = request.headers["x-amz-target"].removeprefix(TARGET)
        try:
            answer = _json(200, await self._call(operation, request))
        except Refused as refused:
            answer = _json(400, {"__type": refused.kind, "message": refused.text})
            answer.headers["x-amzn-ErrorType"] = refused.kind
        except Exception as error:  # noqa: BLE001 - its text may hold a person's data
            self.report("identity", f"{operation[:64]} failed: {type(error).__name__}")
            answer = _json(500, {"__type": "InternalErrorException", "message": "Something went wrong here."})
            answer.headers["x-amzn-ErrorType"] = "InternalErrorException"
        answer.headers["x-amzn-RequestId"] = new_id()
        return answer

    async def _call(self, operation: str, request: HttpRequest) -> Answer:
        try:
            self.admit(request, None, "sign-in")
        except TooManyRequests as slower:
            raise Refused(BUSY, slower.detail) from None
        if operation in OPEN:
            body, call = OPEN[operation]
            return await call(self.pool, _read(body, request), request.source_ip)
        if operation in OPERATORS:
            operator = self._operator(request)
            body, call = OPERATORS[operation]
            asked = _read(body, request)
            await self._tell(operator, operation, asked)
            return await call(self.pool, asked)
        raise Refused("UnknownOperationException", f"The pool knows {', '.join([*OPEN, *OPERATORS])}.")

    async def _tell(self, operator: Caller, operation: str, asked: Any) -> None:
        """The audit, before it is done. It names nobody: accounts go by their subject."""
        account = await self.pool.account(asked.username)
        if account:
            group = {"group": asked.group_name} if isinstance(asked, bodies.OfMember) else {}
            await self.tell(Act(operator, f"POST / {operation}", {"subject": account.sub, **group}, new_id()))

    def _operator(self, request: HttpRequest) -> Caller:
        """The credentials of AWS prove nothing here: whoever may do this has a token with the group `admin`."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            text = "Here it takes the token of an admin instead of AWS's signature: Authorization: Bearer <token>."
            raise Refused("AccessDeniedException", text)
        try:
            claims = self.signer.verify(token.strip())
        except Unauthorised as wrong:
            raise Refused("AccessDeniedException", wrong.detail) from None
        caller = Caller.of_claims(claims)
        if not caller.is_admin:
            raise Refused("AccessDeniedException", "Only an admin may do this.")
        return caller

    def _document(self, request: HttpRequest) -> HttpAnswer:
        name = request.path.removeprefix(self.WELL_KNOWN)
        if request.method not in ("GET", "HEAD") or name not in ("jwks.json", "openid-configuration"):
            raise NotFound("The pool has jwks.json and openid-configuration.")
        if name == "jwks.json":
            return _json(200, {"keys": [key.jwk() for key in self.signer.ring.all()]}, "application/json")
        here = f"http://{request.headers.get('host', 'localhost')}{self.WELL_KNOWN}"
        return _json(200, _configuration(here), "application/json")


def _configuration(here: str) -> dict[str, Any]:
    return {
        "issuer": ISSUER,
        "jwks_uri": f"{here}jwks.json",
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "scopes_supported": ["openid", "email"],
    }


def _read(body: type[Body], request: HttpRequest) -> Body:
    """Raises Refused, which names what is wrong and not its value."""
    if len(request.body) > MOST_BYTES:
        raise Refused(INVALID, f"A call has {MOST_BYTES // 1024} KiB at most.")
    try:
        return body.model_validate(json.loads(request.body))
    except ValidationError as wrong:
        faults = [f"{'.'.join(map(str, each['loc'])) or 'document'}: {each['msg']}" for each in wrong.errors()]
        raise Refused(INVALID, f"{len(faults)} validation errors detected: {'; '.join(faults)}"[:1000]) from None
    except (ValueError, RecursionError):
        raise Refused("SerializationException", "The body is not JSON.") from None


def _json(status: int, document: Any, content_type: str = TYPE) -> HttpAnswer:
    return HttpAnswer(
        status, {"Content-Type": content_type, "Cache-Control": "no-store"}, json.dumps(document).encode()
    )
