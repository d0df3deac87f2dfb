"""Lambda's own call, for functions that the map has as called by name: AWS's command line and boto3 work as they are.

POST /2015-03-31/functions/{name}/invocations

Who may call, says ADR 23: on a host that only this machine reaches, whoever signs the request, with any credentials;
everywhere, who sends a staff token.
"""

import asyncio
import base64
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from cartwheel.kernel.caller import Caller
from cartwheel.kernel.errors import Busy, InternalError, Problem, TimedOut, Unauthorised
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.staff import Act
from cartwheel.kernel.topology import App

from .channel import AsyncChannel
from .door import asked_for_loopback
from .environments import FunctionFailed, Pool
from .gateway import HttpAnswer, HttpRequest
from .identity import Signer
from .logs import log_path

TAIL: Final = 4096  # bytes of the log that LogType=Tail answers, as AWS does
LOOK_BACK: Final = 256 * 1024  # bytes at the end of the function's log among which the invocation's lines are
SIGNED: Final = "AWS4-HMAC-SHA256 "


class Refused(Exception):
    """A refusal in AWS's form: status, code and text."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text

    def answer(self) -> HttpAnswer:
        kind = "User" if self.status < 500 else "Service"
        body = json.dumps({"Type": kind, "Message": self.text, "message": self.text}).encode()
        return HttpAnswer(self.status, {"Content-Type": "application/json", "X-Amzn-ErrorType": self.code}, body)


@dataclass
class Invoke:
    """`local_only`: the host listens on a loopback address. `overloaded`: as much work is accepted as it can hold."""

    PREFIX: ClassVar[str] = "/2015-03-31/"

    app: App
    folder: Path
    pools: dict[str, Pool]
    signer: Signer
    local_only: bool
    overloaded: Callable[[], bool]
    storage: AsyncChannel

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        """Every refusal is an answer in AWS's form; nothing is raised."""
        request_id = new_id()
        try:
            caller, name = self._admit(request), self._function(request)
            if caller:  # who signs instead is a machine's owner, or, on AWS, whom CloudTrail knows
                await self.storage.call("tell", Act(caller, f"POST {self.PREFIX}functions/{name}", {}, request_id))
            answer = await self._invoke(request, name, request_id)
        except Refused as refused:
            answer = refused.answer()
        answer.headers["x-amzn-RequestId"] = request_id
        return answer

    def _admit(self, request: HttpRequest) -> Caller | None:
        """Who of the staff it is, if a token says so. A browser cannot be made to send either of these headers by
        another site's page.
        """
        authorization = request.headers.get("authorization", "")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() == "bearer":
            return self._require_staff(token.strip())
        if not authorization.startswith(SIGNED):
            raise Refused(403, "MissingAuthenticationTokenException", "Sign the request, or send a staff token.")
        if not (self.local_only and asked_for_loopback(request.headers.get("host", ""))):
            text = "From elsewhere than http://localhost it takes a staff token; `cartwheel invoke` sends one."
            raise Refused(403, "AccessDeniedException", text)
        return None

    def _require_staff(self, token: str) -> Caller:
        try:
            claims = self.signer.verify(token)
        except Unauthorised as wrong:
            raise Refused(403, "UnrecognizedClientException", wrong.detail) from None
        caller = Caller.of_claims(claims)
        if not caller.is_staff:
            raise Refused(403, "AccessDeniedException", "Only staff may do this.")
        return caller

    def _function(self, request: HttpRequest) -> str:
        """The name in the path: bare, or as an ARN, or with a version."""
        match request.path.removeprefix(self.PREFIX).split("/"):
            case ["functions", named, "invocations"] if request.method == "POST":
                name = named.rpartition(":function:")[2].partition(":")[0]
            case _:
                raise Refused(404, "UnknownOperationException", "Of Lambda's calls only Invoke is answered here.")
        names = [function.name for function in self.app.invoked]
        if name not in names:
            text = f"Function not found: {named}; by name one can invoke {', '.join(names) or 'none'}."
            raise Refused(404, "ResourceNotFoundException", text)
        return name

    async def _invoke(self, request: HttpRequest, name: str, request_id: str) -> HttpAnswer:
        kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
        if kind not in ("RequestResponse", "Event", "DryRun"):
            text = f"{kind} is no invocation type; there are RequestResponse, Event and DryRun."
            raise Refused(400, "InvalidParameterValueException", text)
        payload = _payload(request.body)
        if kind == "DryRun":
            return HttpAnswer(204, {}, b"")
        if self.overloaded():
            text = "More is under way than can be settled at once; try again shortly."
            raise Refused(429, "TooManyRequestsException", text)
        answer = await self._run(name, payload, request_id)
        if kind == "Event":  # the work is done by now, so the 202 is as durable as any other answer
            return HttpAnswer(202, {}, b"")
        if request.headers.get("x-amz-log-type") == "Tail":
            lines = await asyncio.to_thread(_tail, log_path(self.folder, name), request_id.encode())
            answer.headers["X-Amz-Log-Result"] = base64.b64encode(lines).decode()
        return answer

    async def _run(self, name: str, payload: Any, request_id: str) -> HttpAnswer:
        """The function's answer, or its error in Lambda's form. Raises Refused when it could not be tried at all."""
        headers = {"Content-Type": "application/json", "X-Amz-Executed-Version": "$LATEST"}
        try:
            result = await self.pools[name].invoke(payload, request_id)
        except Busy as busy:
            raise Refused(429, "TooManyRequestsException", busy.detail) from None
        except (InternalError, TimedOut) as failed:
            error = _error(failed)
            return HttpAnswer(200, headers | {"X-Amz-Function-Error": "Unhandled"}, json.dumps(error).encode())
        return HttpAnswer(200, headers, json.dumps(result).encode())


def _payload(body: bytes) -> Any:
    """As Lambda hands it to a function: nothing is an empty object. Raises Refused."""
    try:
        return json.loads(body) if body else {}
    except (ValueError, RecursionError) as error:
        text = f"Could not parse request body into json: {type(error).__name__}; send one JSON value in UTF-8."
        raise Refused(400, "InvalidRequestContentException", text) from None


def _error(failed: Problem) -> dict[str, str]:
    match failed:
        case FunctionFailed():
            return {"errorMessage": failed.message, "errorType": failed.error_type}
        case TimedOut():
            return {"errorMessage": failed.detail, "errorType": "Sandbox.Timedout"}
        case _:
            return {"errorMessage": failed.detail, "errorType": "Runtime.ExitError"}


def _tail(log: Path, request_id: bytes) -> bytes:
    """The last lines of one invocation, which its id is in: others write to the same file."""
    with log.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - LOOK_BACK))
        return b"".join(line for line in file if request_id in line)[-TAIL:]
