"""The running shop of a data folder, asked over HTTP by its owner: whoever can read the folder's keys is staff."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import quote

import httpx

from cartwheel.kernel import health
from cartwheel.local import address
from cartwheel.local.identity import Signer

from .errors import CliError, how_to_start

PATIENCE: Final = 30.0  # seconds for an answer
TOKEN_SECONDS: Final = 60
PAGE: Final = 100

Value = str | int | list[int] | None  # of a query parameter; a list stands for as many, None for none


class Client:
    """Every method raises CliError, with the remedy, when the shop cannot be reached or refuses.

    with Client(folder) as shop:
        shop.get("/_host/queues")
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        url = address.read(folder) if address.is_taken(folder) else None
        if url is None:
            raise self._not_running()
        self.url = url
        self._signer = Signer(folder)
        # The shop is on this machine: proxies that the environment names are not for it.
        self._http = httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False, auth=self._sign)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **query: Value) -> Any:
        return self._ask("GET", path, params=_given(query))

    def health(self) -> Any:
        """How the shop is: it answers 503 when a part of it fails, and tells which."""
        answer = self._send("GET", health.PATH)
        if answer.is_success or (answer.status_code == 503 and not _problem(answer)):
            return answer.json()
        raise Refused(answer)

    def items(self, path: str, **query: Value) -> Iterator[Any]:
        """All of a list, page after page."""
        cursor = None
        while True:
            page = self.get(path, **query, limit=PAGE, cursor=cursor)
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def post(self, path: str, body: bytes, content_type: str) -> Any:
        return self._ask("POST", path, content=body, headers={"content-type": content_type})

    def act(self, path: str, **query: Value) -> Any:
        """A POST that needs no body."""
        return self._ask("POST", path, params=_given(query))

    def delete(self, path: str) -> None:
        answer = self._send("DELETE", path)
        if not answer.is_success:
            raise Refused(answer)

    def invoke(self, function: str, payload: bytes) -> Any:
        """A function called by its name: its answer. What it raises is an error, too."""
        path = f"/2015-03-31/functions/{segment(function)}/invocations"
        answer = self._send("POST", path, content=payload)
        if not answer.is_success:
            raise CliError(answer.json().get("message", f"The shop answered with status {answer.status_code}."))
        if "x-amz-function-error" in answer.headers:
            failure = answer.json()
            raise CliError(f"{function} failed: {failure['errorType']}: {failure['errorMessage']}")
        return answer.json()

    def users(self, operation: str, **asked: str) -> Any:
        """A call of the user pool, by Cognito's name of it."""
        headers = {"x-amz-target": f"AWSCognitoIdentityProviderService.{operation}"}
        answer = self._send("POST", "/", json=asked, headers=headers)
        if answer.is_success:
            return answer.json()
        if answer.headers.get("x-amzn-errortype") == "UserNotFoundException":
            raise CliError(f"Nobody has signed up as {asked['Username']}; that is what they do first.")
        raise CliError(answer.json().get("message", f"The shop answered with status {answer.status_code}."))

    def _sign(self, request: httpx.Request) -> httpx.Request:
        """A fresh token for each request: who follows for hours needs more than one."""
        token = self._signer.token("cartwheel-cli", ["staff", "admin"], TOKEN_SECONDS)
        request.headers["authorization"] = f"Bearer {token}"
        return request

    def _ask(self, method: str, path: str, **request: Any) -> Any:
        answer = self._send(method, path, **request)
        if answer.is_success:
            return answer.json()
        raise Refused(answer)

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **request)
        except httpx.ConnectError:
            raise self._not_running() from None
        except httpx.TimeoutException:
            raise CliError(f"The shop did not answer within {PATIENCE:g} s; `cartwheel logs` may tell why.") from None
        except httpx.HTTPError as error:
            raise CliError(f"The connection to the shop broke ({error}); is it still running?") from None

    def _not_running(self) -> CliError:
        if address.is_taken(self._folder):
            return CliError(f"The shop on {self._folder} is starting or stopping; try again in a moment.")
        return CliError(f"No shop is running on {self._folder}; start it with {how_to_start(self._folder)}.")


def _given(query: dict[str, Value]) -> dict[str, str | int | list[int]]:
    return {name: value for name, value in query.items() if value is not None}


class Refused(CliError):
    """The shop's problem, as text. `errors` are its single faults: `{"field": …, "reason": …}`."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        problem = _problem(answer)
        self.errors: list[dict[str, str]] = problem.get("errors", [])
        detail = problem.get("detail", f"The shop answered with status {answer.status_code}.")
        faults = [f"{error['field']}: {error['reason']}" for error in self.errors]
        super().__init__("; ".join([detail, *(fault for fault in faults if fault not in detail)]))


def _problem(answer: httpx.Response) -> dict[str, Any]:
    if "problem+json" not in answer.headers.get("content-type", ""):
        return {}
    document: dict[str, Any] = answer.json()
    return document


def segment(text: str) -> str:
    """A text as one segment of a path."""
    return quote(text, safe="")
