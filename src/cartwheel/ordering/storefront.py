"""The shop as its customers meet it: over HTTP, through the gateway. The adapter of the canary, for both hosts."""

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import urlsplit

SECONDS: Final = 10  # that an answer may take


class Failed(Exception):
    """The purchase does not get on; the text says where and why. `status` is that of a refusal, else 0."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Storefront:
    """`url` may have a path, `story` is the correlation id that every request names."""

    url: str
    story: str

    def ask(self, what: str, method: str, path: str, document: Any = None) -> dict[str, Any]:
        """The answer's document; `what` is asked for, in words, since paths have ids that are nobody's business.

        Raises Failed.
        """
        try:
            status, body = self._answer(method, path, document)
        except (OSError, HTTPException) as error:
            raise Failed(f"{what}: no answer ({type(error).__name__})") from error
        answer = _document(body)
        if not 200 <= status < 300:
            raise Failed(f"{what}: {status} {answer.get('detail') or answer.get('message', '')}", status)
        return answer

    def _answer(self, method: str, path: str, document: Any) -> tuple[int, bytes]:
        """Past any proxy that the environment may name: it is our own shop. Raises OSError, HTTPException."""
        place = urlsplit(self.url)
        if not place.netloc:
            raise ConnectionRefusedError("the shop does not serve")
        connect = HTTPSConnection if place.scheme == "https" else HTTPConnection
        connection = connect(place.netloc, timeout=SECONDS)
        try:
            headers = {"content-type": "application/json", "x-correlation-id": self.story}
            connection.request(
                method, place.path + path, json.dumps(document) if document is not None else None, headers
            )
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def _document(body: bytes) -> dict[str, Any]:
    """Empty for what is no document, such as a proxy's page."""
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
