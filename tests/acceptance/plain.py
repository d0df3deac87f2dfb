"""A shop of which only the address is known, and tokens that somebody else has made."""

import os
from pathlib import Path
from typing import Any, Final

import httpx

from .hosts import (
    CODES,
    CUSTOMERS,
    MESSAGES,
    RECORDED_CALLS,
    SECRETS,
    SHORT_DEADLINES,
    THROWN_AWAY,
    Envelope,
    Headers,
    Role,
)

WHY: Final = "only the address of the shop was given; say --stage to use its AWS account"


class Plain:
    """Everything but HTTP is out of reach."""

    patience = 60.0
    lacks: Final = dict.fromkeys(
        (MESSAGES, SHORT_DEADLINES, SECRETS, CUSTOMERS, CODES, RECORDED_CALLS, THROWN_AWAY), WHY
    )

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=30)

    def token(self, role: Role) -> Headers:
        variable = f"CARTWHEEL_{role.upper()}_TOKEN"
        if variable not in os.environ:
            raise LookupError(f"{variable} is not set: a token of the shop's user pool for one who is {role}")
        return {"Authorization": f"Bearer {os.environ[variable]}"}

    def publish(self, envelope: Envelope) -> None:
        raise NotImplementedError(WHY)

    def send(self, queue: str, body: str) -> None:
        raise NotImplementedError(WHY)

    def dead_letters(self, queue: str) -> list[str]:
        raise NotImplementedError(WHY)

    def leave_behind(self, table: str, row: dict[str, object]) -> None:
        raise NotImplementedError(WHY)

    def run(self, function: str) -> None:
        """Its schedules run by themselves, in their time."""

    def invoke(self, function: str, payload: Any) -> dict[str, Any]:
        raise NotImplementedError(WHY)

    def aws(self, *arguments: str, folder: Path) -> Any:
        raise NotImplementedError(WHY)

    def physical(self, function: str) -> str:
        raise NotImplementedError(WHY)

    def logged(self, function: str, text: str) -> list[str]:
        raise NotImplementedError(WHY)

    def users(self) -> tuple[Any, str]:
        raise NotImplementedError(WHY)

    def code(self, address: str) -> str:
        raise NotImplementedError(WHY)

    def confirmed(self, subject: str, address: str) -> None:
        raise NotImplementedError(WHY)

    def webhook_secret(self) -> bytes:
        raise NotImplementedError(WHY)

    def close(self) -> None:
        self.http.close()
