"""What the suite needs of a host beside HTTP: tokens, messages that are put on its queues, and what died there."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import httpx

from cartwheel.kernel import envelope as envelopes
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.outbox import outbox_row

Role = Literal["admin", "staff", "customer"]
Headers = dict[str, str]
Envelope = dict[str, Any]


# What a case may need of its host; `lacks` says why one cannot give it.
MESSAGES: Final = "messages"  # events put on the bus, messages on queues, and a look at dead letters
SHORT_DEADLINES: Final = "short deadlines"  # orders that wait too long do so for less than a minute
SECRETS: Final = "secrets"  # what the payment provider signs with is known
CUSTOMERS: Final = "customers"  # several people can sign in
CODES: Final = "codes"  # the mails with codes can be read
RECORDED_CALLS: Final = "recorded calls"  # every call of a function is seen
THROWN_AWAY: Final = "thrown away"  # stacks that go with the run, and what commands of the documents leave in them


class Host(Protocol):
    """A running shop."""

    @property
    def http(self) -> httpx.Client:
        """It knows the shop's address."""

    @property
    def lacks(self) -> Mapping[str, str]:
        """What cannot be had here, and why."""

    @property
    def patience(self) -> float:
        """Seconds that anything may take."""

    def token(self, role: Role) -> Headers:
        """The header of a caller of that role; each call is another person."""

    def publish(self, envelope: Envelope) -> None:
        """Put an event on the bus."""

    def send(self, queue: str, body: str) -> None:
        """Put a message on a consumer's queue, past the bus."""

    def dead_letters(self, queue: str) -> list[str]:
        """The bodies of a queue's dead letters."""

    def leave_behind(self, table: str, row: dict[str, Any]) -> None:
        """Store an item as it is; an outbox row that no relay hears of, only a sweeper will find."""

    def run(self, function: str) -> None:
        """Let a scheduled function run now, where it would not soon by itself."""

    def invoke(self, function: str, payload: Any) -> dict[str, Any]:
        """Call a function by its name, as boto3 does: its answer, and `FunctionError` if it failed."""

    def aws(self, *arguments: str, folder: Path) -> Any:
        """What AWS's own command line answers when it asks this host, run in the folder."""

    def physical(self, function: str) -> str:
        """The name by which a function is called."""

    def logged(self, function: str, text: str) -> list[str]:
        """The lines of a function's log that hold the text."""

    def users(self) -> tuple[Any, str]:
        """botocore's client of the user pool, as a customer's application has it, and that application's id."""

    def code(self, address: str) -> str:
        """The newest code that was mailed to the address."""

    def confirmed(self, subject: str, address: str) -> None:
        """Call what the pool calls when somebody has confirmed their address, where it would not."""

    def webhook_secret(self) -> bytes:
        """What the payment provider signs with."""

    def close(self) -> None:
        """Stop it, if it is ours."""


def row_of(envelope: Envelope, table: str, **otherwise: str) -> dict[str, Any]:
    """The outbox row that a use case stores with its changes, but for what is said otherwise."""
    return outbox_row(table, [envelopes.Envelope.parse(envelope)]).item | otherwise


def subject_of(header: Headers) -> str:
    """Whom a token names."""
    payload = header["Authorization"].partition(" ")[2].split(".")[1]
    return str(json.loads(urlsafe_b64decode(payload + "=="))["sub"])


def invoked(answer: Any) -> dict[str, Any]:
    """What boto3 answers to an invocation, with its payload read."""
    return {"FunctionError": answer.get("FunctionError"), "Payload": json.loads(answer["Payload"].read())}


def id_of(moment: datetime) -> str:
    """An id as it would have been made then."""
    milliseconds = f"{int(moment.timestamp() * 1000):012x}"
    return f"{milliseconds[:8]}-{milliseconds[8:]}{new_id()[13:]}"
