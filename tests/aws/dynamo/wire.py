"""DynamoDB as the SDK sees it, scripted: what no stand-in produces. The SDK's own repetitions are real."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ReadTimeoutError

Answer = tuple[int, dict[str, Any]] | Exception

DONE: Answer = (200, {})
LOST = ReadTimeoutError(endpoint_url="there")


def error(code: str, status: int = 400, **more: Any) -> Answer:
    return status, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": f"said {code}", **more}


def cancelled(*codes: str, **item: Any) -> Answer:
    reasons = [{"Code": code, **({"Message": f"why {code}"} if code != "None" else {}), **item} for code in codes]
    return error("TransactionCanceledException", CancellationReasons=reasons)


class Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Iterator[bytes]:
        yield self._content


@dataclass
class Wire:
    """Answers requests from a script, the last line again and again, and keeps them as (operation, body)."""

    script: list[Answer] = field(default_factory=list)
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def answer(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        operation = bytes(request.headers["X-Amz-Target"]).decode().partition(".")[2]
        self.sent.append((operation, json.loads(request.body)))
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(answer, Exception):
            raise answer
        status, document = answer
        return AWSResponse(request.url, status, {}, Body(json.dumps(document).encode()))

    @property
    def tokens(self) -> set[str]:
        return {body["ClientRequestToken"] for _, body in self.sent}

    @property
    def operations(self) -> list[str]:
        return [operation for operation, _ in self.sent]
