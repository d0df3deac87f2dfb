"""Events in: the function behind a queue. A bad message fails alone; the others of its batch are done.

batch ─► each message: handler ─► its unit of work ─┐
                                                    ├─► one trip to the store, each transaction for itself
whoever lost against another writer: once more, alone ◄┘
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from . import json, telemetry
from .environment import environment
from .events import Cause, Envelope
from .inbox import Inbox, Prepared
from .store import ConditionFailed, Store, StoreError

Record = dict[str, Any]  # of SQS


def handler(inbox: Inbox) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The function Lambda calls with a batch of SQS records; it answers which of them failed, and why."""

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        telemetry.begin(environment().function, context.aws_request_id)
        errors = Batch(inbox, environment().store).handle(event["Records"])
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in errors], "errors": errors}

    handle.inbox = inbox  # type: ignore[attr-defined]  # so that the map can be checked against it
    return handle


@dataclass(frozen=True)
class Batch:
    """The handling of one batch."""

    inbox: Inbox
    store: Store

    def handle(self, records: list[Record]) -> dict[str, str]:
        """The errors of the failed messages, by message id."""
        errors: dict[str, str] = {}
        prepared: list[tuple[Record, Prepared]] = []
        for record in records:
            try:
                prepared.append((record, self._prepare(record)))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is this message's failure
                errors[record["messageId"]] = _failed(record, error)
        outcomes = self.store.transact_each([work.writes for _, work in prepared]) if prepared else []
        for (record, work), refused in zip(prepared, outcomes, strict=True):
            try:
                _handled(record, work.envelope, self._settle(work, refused))
            except Exception as error:  # noqa: BLE001 - as above
                errors[record["messageId"]] = _failed(record, error)
        return errors

    def _prepare(self, record: Record) -> Prepared:
        telemetry.follow(Cause("unknown", record["messageId"]))  # until the message tells
        message = json.parse(record["body"])
        if not isinstance(message, dict):
            raise ValueError("the message is not a JSON object")
        envelope = Envelope.parse(message)
        telemetry.follow(envelope.cause())
        return self.inbox.prepare(self.store, envelope)

    def _settle(self, work: Prepared, refused: StoreError | None) -> bool:
        """Whether the message had its effect now. False: it had had it before."""
        telemetry.follow(work.envelope.cause())
        if refused is None:
            return True
        if not isinstance(refused, ConditionFailed):
            raise refused
        return 0 not in refused.failed and self.inbox.deliver(self.store, work.envelope)


def _handled(record: Record, envelope: Envelope, now: bool) -> None:
    telemetry.info(
        "handled" if now else "handled before",
        eventType=envelope.detail_type,
        eventId=envelope.id,
        subject=envelope.subject,
        receives=int(record["attributes"]["ApproximateReceiveCount"]),
    )


def _failed(record: Record, error: Exception) -> str:
    """The cause goes with the dead letter. A validation error would quote the data, so it only names the fields."""
    described = _describe(error)
    telemetry.error("delivery failed", messageId=record["messageId"], error=described)
    return described


def _describe(error: Exception) -> str:
    if isinstance(error, ValidationError):
        fields = ", ".join(".".join(map(str, found["loc"])) for found in error.errors(include_input=False))
        return f"ValidationError in {fields}"
    return f"{type(error).__name__}: {error}"[:500].encode(errors="backslashreplace").decode()
